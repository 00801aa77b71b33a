"""The OpenAI-compatible API: other tools talk to Chancery by the client that they have.

The same service as the portal and the REST API answers; only names and shapes are OpenAI's. See docs/openai.md.
"""
