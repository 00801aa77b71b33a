"""Formats from before: Office files of 97 to 2003, and RTF."""
