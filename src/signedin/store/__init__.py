"""What is remembered: the only SQL in the house, one file per kind."""
