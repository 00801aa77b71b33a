"""What a provider said of who signed in, as governance understands it. Only computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.identity.assurance import NAME
from governance.identity.identities import Presented
from governance.identity.refusals import Reason, Refused, storable

GROUPS_MAX = 2000
FACTORS_MAX = 10
NAMES_MAX = 255  # of subjects and sessions


def presented(id_token: Mapping[str, Any], userinfo: Mapping[str, Any], group_claim: str) -> Presented:
    """The signed token first, then what the userinfo endpoint adds. Raises Refused where that is another subject's."""
    subject = id_token["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= NAMES_MAX or not subject.isprintable():
        raise Refused(Reason.MALFORMED, "the subject is not a text of 1 to 255 characters")
    if userinfo and userinfo.get("sub") != subject:
        raise Refused(Reason.USERINFO)
    # An address and what is said of it come from one place: half of each would be nobody's word.
    speaker = id_token if id_token.get("email") else userinfo
    verified = speaker.get("email_verified")
    name = id_token.get("name") or userinfo.get("name")
    return Presented(
        issuer=id_token["iss"],
        subject=subject,
        email=_text(speaker.get("email"), 254).strip(),
        is_verified=_truth(verified),
        name=_text(name, 200).strip(),
        groups=_values(_found(id_token, group_claim), _found(userinfo, group_claim)),
        session=session(id_token),
        proven_at=proven_at(id_token),
    )


def assurance(id_token: Mapping[str, Any]) -> dict[str, Any]:
    """How it was made sure who it is, in the provider's names (RFC 8176), as far as they are names: they stand in clear.

    Empty where the provider does not say.
    """
    amr = sorted(one for one in _values(id_token.get("amr")) if NAME.fullmatch(one))[:FACTORS_MAX]
    acr = _text(id_token.get("acr"), 100)
    told: dict[str, Any] = {"mfa": "mfa" in amr, "amr": amr} if amr else {}
    return told | ({"acr": acr} if NAME.fullmatch(acr) else {})


def proven_at(id_token: Mapping[str, Any]) -> float | None:
    """When somebody showed the provider who they are, in seconds since 1970; None where it does not say."""
    at = id_token.get("auth_time")
    return float(at) if isinstance(at, int | float) and not isinstance(at, bool) and 0 < at < 1e11 else None


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """By the whole name, or by a path of names parted by dots, such as `realm_access.roles`."""
    if not name or name in claims:
        return claims.get(name)
    here: Any = claims
    for part in name.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return here


def _values(*claims: Any) -> frozenset[str]:
    """The first of them that is there, whole: a list of texts, or one text."""
    claim = next((one for one in claims if one is not None), None)
    values = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return frozenset(
        one for one in values[:GROUPS_MAX] if isinstance(one, str) and 0 < len(one) <= 300 and storable(one) == one
    )


def _text(value: Any, most: int) -> str:
    return storable(value[:most]) if isinstance(value, str) else ""


def session(id_token: Mapping[str, Any]) -> str:
    """The provider's name for its own session; empty where it has none."""
    sid = id_token.get("sid")
    return sid if isinstance(sid, str) and len(sid) <= NAMES_MAX and sid.isprintable() else ""


def _truth(value: Any) -> bool | None:
    """Some providers write it as a text."""
    if value is None:
        return None
    return value is True or value == "true"
