"""Talk: a message is read, remembered, searched for and answered."""
