"""The Model Context Protocol at /mcp: other assistants search and ask here, with the access of the key that they hold.

Streamable HTTP: each message stands alone, so that any web process may answer it. See docs/mcp.md.
"""
