"""Real files of every format that is read, made by other people's programs and named in `manifest`, found by search."""
