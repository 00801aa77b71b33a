"""How times are written in each language: a day, a minute, and short without the year."""
