"""LlamaIndex's OpenAI classes, pointed at /v1: a program of its own, since they want another release of OpenAI's client.

    python llama_index_client.py ADDRESS QUESTION EMBEDDER < KEY

It prints what it was told, as JSON. See test_llama_index.py.
"""

from __future__ import annotations

import json
import sys

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai_like import OpenAILike


def main(address: str, question: str, embedder: str) -> None:
    options = {"api_base": f"{address}/v1", "api_key": sys.stdin.read().strip(), "max_retries": 0}
    llm = OpenAILike(model="chancery", is_chat_model=True, context_window=4096, **options)
    embeddings = OpenAIEmbedding(model_name=embedder, embed_batch_size=64, **options)
    talk = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content=question)]
    told = llm.chat(talk)
    documents = [Document(text="Parking costs four euros a day."), Document(text="Lunch is at noon.")]
    index = VectorStoreIndex.from_documents(documents, embed_model=embeddings)
    found = index.as_retriever(similarity_top_k=1).retrieve("How many euros a day is parking?")
    print(
        json.dumps(
            {
                "chat": told.message.content,
                "completion": llm.complete(question).text,
                "streamed": "".join(piece.delta or "" for piece in llm.stream_chat(talk)),
                "dimensions": len(embeddings.get_text_embedding(question)),
                "found": found[0].node.get_content(),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
