"""Directories that provision people and groups over SCIM: what they keep, and by which tokens. See docs/provisioning.md."""
