"""What the environment says, read for settings.py: each reader refuses what it does not understand."""
