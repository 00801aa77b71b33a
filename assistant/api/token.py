"""A service account's key, exchanged for a token that acts for a person (RFC 8693)."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api.reading import Json
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.sso import shown
from governance.identity.refusals import Refused
from governance.service_accounts import acting

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  a name, not a token
GIVEN = [ACCESS_TOKEN]
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
PERSON = "urn:chancery:params:oauth:token-type:person"


class TokenIn(serializers.Serializer):  # type: ignore[type-arg]
    """The key itself comes as `Authorization: Bearer`, as everywhere."""

    grant_type = serializers.ChoiceField([GRANT])
    subject_token = serializers.CharField(max_length=100_000)  # for PERSON an id or an e-mail address
    subject_token_type = serializers.ChoiceField([PERSON, ID_TOKEN])
    requested_token_type = serializers.ChoiceField(GIVEN, required=False, default=ACCESS_TOKEN)
    scope = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    expires_in = serializers.IntegerField(
        min_value=1, max_value=acting.LONGEST_S, required=False, default=acting.LONGEST_S
    )


class TokenOut(serializers.Serializer):  # type: ignore[type-arg]
    access_token = serializers.CharField()
    issued_token_type = serializers.ChoiceField(GIVEN)
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class Token(Operation):
    parser_classes = [FormParser, Json]

    @extend_schema(
        request={"application/x-www-form-urlencoded": TokenIn, "application/json": TokenIn}, responses=TokenOut
    )
    def post(self, request: Request) -> Response:
        asked = parse(TokenIn, request.data)
        person, how = self._subject(asked)
        made = acting.exchange(self.caller, person, how, asked["scope"].split(), asked["expires_in"])
        return Response(
            {
                "access_token": made.secret,
                "issued_token_type": ACCESS_TOKEN,
                "token_type": "Bearer",
                "expires_in": made.seconds,
                "scope": " ".join(made.scopes),
            }
        )

    def _subject(self, asked: dict[str, Any]) -> tuple[uuid.UUID | None, str]:
        """Raises Forbidden before anybody is looked for."""
        audiences = acting.audiences(self.caller)
        if asked["subject_token_type"] == PERSON:
            return acting.named(self.caller, asked["subject_token"]), "named"
        try:
            return shown.person(self.caller, asked["subject_token"], audiences), "id_token"
        except Refused as refusal:
            raise acting.unseen(f"ID token: {refusal.reason}") from None
