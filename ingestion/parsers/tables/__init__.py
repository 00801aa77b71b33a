"""Cells and the tables among them, wherever they come from; and tables in plain text."""
