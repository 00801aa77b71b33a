"""What access rests on beside grants: roles of a tenant's own, and the history of all of it."""
