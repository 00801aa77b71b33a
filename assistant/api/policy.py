"""The policy over the API: its versions, a draft's rules, and the way from a draft into force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import contract, examples, paging, shapes
from assistant.api.contract import named
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance import access
from governance.actions import Action
from governance.errors import InvalidInput
from governance.models import PolicyVersion
from governance.policy import changes, enforcement, publishing, versions
from governance.policy.rules import Stage


class Check(Operation):
    @named(
        "check_policy",
        contract.VerdictOut,
        takes=shapes.PolicyIn,
        sent=examples.POLICY_SENT,
        example=examples.VERDICT,
        faults=[400, 401, 403],
    )
    def post(self, request: Request) -> Response:
        """What the policy says of a text at a stage, without anything being asked or kept of it. It is recorded."""
        sent = parse(shapes.PolicyIn, request.data)
        access.require(self.caller, Action.POLICY_CHECK)
        number = sent["version"]
        policy = None if number is None else versions.compiled(versions.get(self.caller, number))
        verdict = enforcement.try_out(self.caller, Stage(sent["stage"]), sent["text"], policy)
        return Response(verdict.as_json())


class Versions(Operation):
    @paging.listing("versions")
    def get(self, request: Request) -> Response:
        return Response(paging.told("versions", paging.part(request, versions.listed(self.caller)), head))

    @extend_schema(request=shapes.PolicyVersionIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        sent = parse(shapes.PolicyVersionIn, request.data)
        row = versions.draft(self.caller, sent["note"], sent["rules"])
        return Response(whole(row), status=status.HTTP_201_CREATED)


class Version(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, number: int) -> Response:
        return Response(whole(versions.get(self.caller, number)))

    @extend_schema(request=shapes.PolicyNoteIn, responses={200: dict})
    def patch(self, request: Request, number: int) -> Response:
        sent = parse(shapes.PolicyNoteIn, request.data)
        return Response(whole(versions.describe(self.caller, number, sent["note"])))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        versions.discard(self.caller, number)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Rules(Operation):
    @paging.listing("rules")
    def get(self, request: Request, number: int) -> Response:
        rows = paging.part(request, versions.get(self.caller, number).rules, lambda rule: rule["name"])
        return Response(paging.told("rules", rows, dict))

    @extend_schema(request=dict, responses={201: dict})
    def post(self, request: Request, number: int) -> Response:
        row = versions.put_rule(self.caller, number, _object(request), is_new=True)
        return Response(whole(row), status=status.HTTP_201_CREATED)


class Rule(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, number: int, rule: str) -> Response:
        return Response(versions.rule_of(self.caller, number, rule))

    @extend_schema(request=dict, responses={200: dict})
    def put(self, request: Request, number: int, rule: str) -> Response:
        sent = _object(request)
        return Response(whole(versions.put_rule(self.caller, number, {"name": rule, **sent}, replaces=rule)))

    @extend_schema(responses={200: dict})
    def delete(self, request: Request, number: int, rule: str) -> Response:
        return Response(whole(versions.remove_rule(self.caller, number, rule)))


class Fixtures(Operation):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, number: int) -> Response:
        return Response(publishing.tried(self.caller, number).as_json())


class Changes(Operation):
    @extend_schema(parameters=[shapes.PolicyChangesIn], responses={200: dict})
    def get(self, request: Request, number: int) -> Response:
        asked = parse(shapes.PolicyChangesIn, request.query_params)
        before, after = versions.get(self.caller, asked["since"]), versions.get(self.caller, number)
        found = changes.between(versions.rules_of(before), versions.rules_of(after))
        return Response({"since": before.number, "number": number, "changes": [one.as_json() for one in found]})


class Submit(Operation):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, number: int) -> Response:
        return Response(whole(publishing.submit(self.caller, number)))


class Publish(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.PolicyPublishIn, responses={200: dict})
    def post(self, request: Request, number: int) -> Response:
        sent = parse(shapes.PolicyPublishIn, request.data)
        return Response(whole(publishing.publish(self.caller, number, sent["sha256"])))


class Restore(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.PolicyNoteIn, responses={200: dict})
    def post(self, request: Request, number: int) -> Response:
        sent = parse(shapes.PolicyNoteIn, request.data)
        return Response(whole(publishing.restore(self.caller, number, sent["note"])))


def head(row: PolicyVersion) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "sha256": row.sha256,
        "note": row.note,
        "based_on": row.based_on,
        "restores": row.restores,
        "made_at": row.created_at,
        "made_by": row.made_by,
        "submitted_at": row.submitted_at,
        "submitted_by": row.submitted_by,
        "published_at": row.published_at,
        "published_by": row.published_by,
        "superseded_at": row.superseded_at,
    }


def whole(row: PolicyVersion) -> dict[str, Any]:
    return head(row) | {"rules": row.rules}


def _object(request: Request) -> Mapping[str, Any]:
    sent = request.data
    if not isinstance(sent, dict):
        raise InvalidInput("Send one rule as a JSON object.")
    return sent
