"""SCIM 2.0 (RFC 7643, RFC 7644): a tenant's directory says who is here and in which group. See docs/provisioning.md."""
