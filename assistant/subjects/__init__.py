"""What is kept of a person by the front, for themselves to take away and for their erasure."""
