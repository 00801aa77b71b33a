"""What django-allauth asks us for. It finds no provider by itself: each sign-in brings its tenant's own."""

from __future__ import annotations

import secrets
from typing import Any, NoReturn

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from assistant.sso import fetching


class TenantAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[Any]:
        """None: allauth's table of providers belongs to no tenant, and stays empty."""
        return []

    def get_requests_session(self) -> fetching.Session:
        """Every request that allauth sends goes through here."""
        return fetching.Session()

    def generate_state_param(self, state: dict[str, Any]) -> str:
        return secrets.token_urlsafe(32)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return False

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> NoReturn:
        raise NotImplementedError("people are made by governance.identity.identities, within a tenant")
