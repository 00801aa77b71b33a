"""The addresses of the OpenAI-compatible API."""

from __future__ import annotations

from django.urls import path

from assistant.v1 import chat, embeddings, listing, view

urlpatterns = [
    path("chat/completions", chat.Completions.as_view(), name="v1-chat"),
    path("models", listing.Models.as_view(), name="v1-models"),
    path("models/<path:model>", listing.Model.as_view(), name="v1-model"),
    path("embeddings", embeddings.Embeddings.as_view(), name="v1-embeddings"),
    path("", view.Unknown.as_view(), name="v1-root"),
    path("<path:rest>", view.Unknown.as_view(), name="v1-unknown"),
]
