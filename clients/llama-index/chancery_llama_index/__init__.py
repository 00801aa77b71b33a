"""Chancery for LlamaIndex. See README.md."""

from __future__ import annotations

from chancery_llama_index.retriever import ChanceryRetriever

__version__ = "0.1.0"
__all__ = ["ChanceryRetriever"]
