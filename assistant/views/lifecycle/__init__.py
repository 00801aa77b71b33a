"""The room where it is said what is kept, for how long, and what goes: for admins and compliance officers."""
