"""The steps from each released schema of the tables to the next."""
