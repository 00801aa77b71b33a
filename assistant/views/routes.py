"""The addresses of the portal."""

from __future__ import annotations

from django.urls import URLPattern, path

from assistant.views import conversations, documents, door, library, record

urlpatterns: list[URLPattern] = [
    path("", door.sign_in, name="sign-in"),
    path("t/<slug:slug>/", door.sign_in, name="sign-in-tenant"),
    path("sign-out", door.sign_out, name="sign-out"),
    path("c/", conversations.home, name="home"),
    path("c/ask", conversations.ask, name="ask"),
    path("c/<uuid:conversation>", conversations.thread, name="thread"),
    path("c/<uuid:conversation>/rename", conversations.rename, name="conversation-rename"),
    path("c/<uuid:conversation>/delete", conversations.delete, name="conversation-delete"),
    path("a/<uuid:answer>", conversations.answer, name="answer"),
    path("a/<uuid:answer>/stream", conversations.stream, name="answer-stream"),
    path("a/<uuid:answer>/stop", conversations.stop, name="answer-stop"),
    path("collections/", library.collections, name="collections"),
    path("collections/<uuid:collection>", library.collection, name="collection"),
    path("collections/<uuid:collection>/rename", library.rename, name="collection-rename"),
    path("collections/<uuid:collection>/delete", library.delete, name="collection-delete"),
    path("collections/<uuid:collection>/documents", library.in_collection, name="documents"),
    path("collections/<uuid:collection>/grants", library.give, name="grants"),
    path("collections/<uuid:collection>/grants/<uuid:grant>/withdraw", library.withdraw, name="grant-withdraw"),
    path("documents/<uuid:document>", documents.document, name="document"),
    path("documents/<uuid:document>/file", documents.file, name="document-file"),
    path("documents/<uuid:document>/delete", documents.delete, name="document-delete"),
    path("documents/<uuid:document>/retry", documents.retry, name="document-retry"),
    path("passages/<uuid:chunk>", documents.passage, name="passage"),
    path("record/", record.page, name="record"),
    path("record/<uuid:event>", record.event, name="record-event"),
]
