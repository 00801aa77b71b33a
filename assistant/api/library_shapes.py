"""Shapes of the search index and of certificates: see assistant.api.shapes."""

from __future__ import annotations

from rest_framework import serializers

from assistant.api.shapes import Id


class CertificateOut(serializers.Serializer):  # type: ignore[type-arg]
    certificate = serializers.DictField()
    sha256 = serializers.CharField()
    event = Id()


class IndexIn(serializers.Serializer):  # type: ignore[type-arg]
    embedder = serializers.CharField(max_length=80)


class IndexCompareIn(serializers.Serializer):  # type: ignore[type-arg]
    questions = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    everyone = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(required=False, allow_blank=True, default="")
