"""Parsers: one format each, behind the port in `base`."""
