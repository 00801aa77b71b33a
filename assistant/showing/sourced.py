"""Where a source opens, as a whole address, for a text that leaves the portal."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.urls import reverse

from assistant.conversations.quoting import Source


def opener(request: HttpRequest) -> Callable[[Source], str]:
    """The document at the cited passage, under the address that this request came to."""

    def address(one: Source) -> str:
        place = f"{reverse('document', args=[one.document])}?chunk={one.chunk}#p-{one.chunk}"
        return request.build_absolute_uri(place)

    return address
