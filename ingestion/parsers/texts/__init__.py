"""Text and markup: plain text, Markdown, HTML, XML, JSON, code, and what is written in them."""
