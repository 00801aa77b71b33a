"""What operators see and do: never content, and never through a tenant's scope."""
