"""/mcp: streamable HTTP, as the protocol has it. A session's id tells hosts apart, and nothing is kept under it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.request import Request

from assistant.mcp import protocol, under_way
from assistant.mcp.errors import BadRequest, ForeignOrigin
from assistant.mcp.messages import Call, Message
from assistant.v1.view import Operation

CANCELLED = "notifications/cancelled"


class Door(Operation):
    """GET, by which a server speaks unasked, and DELETE, which ends a session, are 405: we have nothing of either."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not _is_at_home(request._request):
            raise ForeignOrigin(
                "This is not for pages of other sites. An operator may add the origin to CHANCERY_ORIGINS."
            )
        super().initial(request, *args, **kwargs)

    def post(self, request: Request) -> HttpResponseBase:
        spoken = request.headers.get("MCP-Protocol-Version")
        if spoken and spoken not in protocol.VERSIONS:
            raise BadRequest(f"MCP-Protocol-Version is one of {', '.join(protocol.VERSIONS)}.")
        message = Message.read(request._request)
        if message.id is None:
            if message.method == CANCELLED:
                under_way.stop(request._request, self.caller, message.params.get("requestId"))
            return HttpResponse(status=202)
        streams = "text/event-stream" in request.headers.get("Accept", "")
        return protocol.answer(Call(request._request, self.caller, message, streams))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == 401:
            response["WWW-Authenticate"] = 'Bearer realm="Chancery"'
        return response


def _is_at_home(request: HttpRequest) -> bool:
    """A program sends no origin. A browser does, and then its page has to be one of ours: a name that was made to lead here
    (DNS rebinding) leads nowhere else.
    """
    origin = request.headers.get("Origin")
    ours = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    return origin is None or origin in ours
