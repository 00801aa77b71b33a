"""How an organisation takes along what it put in, and how that comes in elsewhere."""
