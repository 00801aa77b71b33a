"""The language of a response: what the person chose, else what their browser asks for. Programs are answered in English."""

from __future__ import annotations

from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from assistant.middleware import faults

FOR_PROGRAMS = "en"


class Languages(LocaleMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        if not faults.is_for_programs(request):
            super().process_request(request)
            return
        translation.activate(FOR_PROGRAMS)
        request.LANGUAGE_CODE = FOR_PROGRAMS
