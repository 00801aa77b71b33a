"""The compliance officers' room."""
