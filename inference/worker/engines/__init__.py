"""Engines that the worker can serve with, each alone in its file."""
