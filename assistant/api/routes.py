"""The addresses of the API."""

from __future__ import annotations

from django.urls import path

from assistant.api import answers, collections, documents, evidence, own, person, policy, record, searches

urlpatterns = [
    path("me", person.Me.as_view(), name="api-me"),
    path("me/data", own.Data.as_view(), name="api-own-data"),
    path("me/export", own.Export.as_view(), name="api-own-export"),
    path("me/erasure", own.Erasure.as_view(), name="api-own-erasure"),
    path("search", person.Search.as_view(), name="api-search"),
    path("policy/check", policy.Check.as_view(), name="api-policy-check"),
    path("policy/versions", policy.Versions.as_view(), name="api-policy-versions"),
    path("policy/versions/<int:number>", policy.Version.as_view(), name="api-policy-version"),
    path("policy/versions/<int:number>/rules", policy.Rules.as_view(), name="api-policy-rules"),
    path("policy/versions/<int:number>/rules/<slug:rule>", policy.Rule.as_view(), name="api-policy-rule"),
    path("policy/versions/<int:number>/fixtures", policy.Fixtures.as_view(), name="api-policy-fixtures"),
    path("policy/versions/<int:number>/changes", policy.Changes.as_view(), name="api-policy-changes"),
    path("policy/versions/<int:number>/submit", policy.Submit.as_view(), name="api-policy-submit"),
    path("policy/versions/<int:number>/publish", policy.Publish.as_view(), name="api-policy-publish"),
    path("policy/versions/<int:number>/restore", policy.Restore.as_view(), name="api-policy-restore"),
    path("collections", collections.Collections.as_view(), name="api-collections"),
    path("collections/<uuid:collection>", collections.Collection.as_view(), name="api-collection"),
    path("collections/<uuid:collection>/grants", collections.Grants.as_view(), name="api-grants"),
    path("collections/<uuid:collection>/grants/<uuid:grant>", collections.Grant.as_view(), name="api-grant"),
    path("collections/<uuid:collection>/documents", collections.Uploads.as_view(), name="api-documents"),
    path("documents/<uuid:document>", documents.Document.as_view(), name="api-document"),
    path("documents/<uuid:document>/file", documents.File.as_view(), name="api-document-file"),
    path("answers", answers.Answers.as_view(), name="api-answers"),
    path("answers/<uuid:answer>", answers.Answer.as_view(), name="api-answer"),
    path("answers/<uuid:answer>/cancel", answers.Cancel.as_view(), name="api-answer-cancel"),
    path("answers/<uuid:answer>/feedback", answers.Feedback.as_view(), name="api-answer-feedback"),
    path("audit/events", record.Events.as_view(), name="api-events"),
    path("audit/events/<uuid:event>", record.Event.as_view(), name="api-event"),
    path("audit/events/<uuid:event>/proof", evidence.Proof.as_view(), name="api-event-proof"),
    path("audit/checkpoint", evidence.Checkpoint.as_view(), name="api-checkpoint"),
    path("audit/consistency", evidence.Checkpoint.as_view(), name="api-consistency"),
    path("audit/exports", evidence.Exports.as_view(), name="api-exports"),
    path("audit/exports/<uuid:bundle>", evidence.Export.as_view(), name="api-export"),
    path("audit/searches", searches.Searches.as_view(), name="api-searches"),
    path("audit/searches/<uuid:search>", searches.Search.as_view(), name="api-record-search"),
]
