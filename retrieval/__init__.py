"""Items and wishes: a shop on disk, its feeds, its index, and the search over it. Knows nothing of talk."""
