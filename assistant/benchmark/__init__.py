"""Models beside each other on one's own questions: quality, speed, memory, what they cost, and what leaves the house."""
