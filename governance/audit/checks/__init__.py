"""What `audit.verifying` checks, each in its room: a row against its leaf, writers' numbers, the tree and its heads."""
