"""What the operations are called that have no name of their own."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance


class Named(AutoSchema):
    """A page of things is listed: its one shape is taken for one thing by the generator."""

    def get_operation_id(self) -> str:
        name = super().get_operation_id()
        return f"{name.removesuffix('_retrieve')}_list" if self._is_page() else name

    def _is_page(self) -> bool:
        given = self.get_response_serializers()
        shape = given.get(200) if isinstance(given, dict) else given
        return self.method == "GET" and "next" in getattr(force_instance(shape), "fields", ())  # type: ignore[no-untyped-call]
