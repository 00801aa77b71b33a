"""POST /v1/embeddings: vectors of the embedder that the index is made with."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import embedding
from assistant.v1.errors import Rejected, about
from assistant.v1.fields import Fields, clean
from assistant.v1.view import Operation
from governance.errors import NotFound
from inference import runners
from inference.runners.base import Vectors

FORMATS = ("float", "base64")


class Embeddings(Operation):
    def post(self, request: Request) -> Response:
        sent = self.sent()
        _model(sent.name("model"))
        texts, shape = _texts(sent.required("input")), sent.name("encoding_format", "float")
        if shape not in FORMATS:
            raise Rejected("encoding_format is float or base64.", "encoding_format")
        _dimensions(sent)
        sent.name("user", "")
        sent.end({})
        with about("input"):
            made = embedding.embed(self.caller, texts, "openai")
        data = [
            {"object": "embedding", "index": number, "embedding": vector}
            for number, vector in enumerate(_encoded(made.vectors, shape))
        ]
        usage = {"prompt_tokens": made.tokens, "total_tokens": made.tokens}
        return Response({"object": "list", "data": data, "model": made.model, "usage": usage})


def _model(wanted: str) -> None:
    name = runners.embedder().name
    if wanted != name:
        with about("model", missing="model_not_found"):
            raise NotFound(f"The embedding model here is {name}.")


def _texts(sent: Any) -> list[str]:
    texts = [sent] if isinstance(sent, str) else sent
    if not isinstance(texts, list) or not texts:
        raise Rejected("input is a text, or a list of texts.", "input", "invalid_type")
    if not all(isinstance(text, str) for text in texts):
        raise Rejected(
            "input takes texts and no tokens: another model's tokens mean nothing to this one. In LangChain set"
            " check_embedding_ctx_length=False.",
            "input",
            "invalid_type",
        )
    return [clean(text) for text in texts]


def _dimensions(sent: Fields) -> None:
    has = runners.embedder().dimensions
    if sent.take("dimensions", has) != has:
        raise Rejected(f"The model has {has} dimensions, and cannot be made to have others.", "dimensions")


def _encoded(vectors: Vectors, shape: str) -> list[Any]:
    if shape == "float":
        lists: list[Any] = vectors.tolist()
        return lists
    return [base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode() for vector in vectors]
