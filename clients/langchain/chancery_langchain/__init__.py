"""Chancery for LangChain. See README.md."""

from __future__ import annotations

from chancery_langchain.chat import ChatChancery
from chancery_langchain.retriever import ChanceryRetriever

__version__ = "0.1.0"
__all__ = ["ChanceryRetriever", "ChatChancery"]
