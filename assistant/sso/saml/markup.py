"""XML that a stranger sent: read without a document type, without entities, and without asking any machine for anything."""

from __future__ import annotations

import base64
import binascii
import functools
from pathlib import Path

import onelogin.saml2  # type: ignore[import-untyped]
from lxml import etree

from assistant.sso.saml.names import XML_ID
from governance.identity.refusals import Reason, Refused

BYTES_MAX = 256 * 1024
ID_NAMES = ("ID", "Id", "id", XML_ID)


def decoded(sent: str) -> bytes:
    """Of base64, as the POST binding sends it: never compressed, so nothing is ever inflated. Raises Refused."""
    if len(sent) > BYTES_MAX * 4 // 3 + 4096:  # it may be broken into lines
        raise Refused(Reason.TOO_LARGE, f"{len(sent)} characters")
    try:
        body = base64.b64decode("".join(sent.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Refused(Reason.UNREADABLE, "it is no base64") from fault
    if len(body) > BYTES_MAX:
        raise Refused(Reason.TOO_LARGE, f"{len(body)} bytes")
    return body


def parsed(body: bytes) -> etree._Element:
    """Its root. Raises Refused."""
    if len(body) > BYTES_MAX:
        raise Refused(Reason.TOO_LARGE, f"{len(body)} bytes")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise Refused(Reason.UNREADABLE, "it is no UTF-8") from fault
    # Before anything is parsed: what an entity comes to is counted while it is read.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Refused(Reason.DOCUMENT_TYPE)
    try:
        root = etree.fromstring(text.encode(), parser())
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise Refused(Reason.UNREADABLE, str(fault)[:200]) from fault
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(Reason.DOCUMENT_TYPE)
    return root


def require_plain(root: etree._Element) -> None:
    """Elements and text, and nothing between them: what a comment cuts in two reads differently to each reader."""
    around = [*root.itersiblings(preceding=True), *root.itersiblings()]
    if around or any(not isinstance(node.tag, str) for node in root.iter()):
        raise Refused(Reason.COMMENTED)


def require_single_ids(root: etree._Element) -> None:
    seen = [node.get(name) for node in root.iter() for name in ID_NAMES if node.get(name) is not None]
    if len(seen) != len(set(seen)):
        raise Refused(Reason.SAME_IDS)


def require_schema(root: etree._Element) -> None:
    """Of the protocol, as OASIS publishes it and python3-saml brings it along. Raises Refused."""
    schema = _schema()
    if not schema.validate(root):
        raise Refused(Reason.ODD, str(schema.error_log.last_error)[-300:])


def parser() -> etree.XMLParser[etree._Element]:
    return etree.XMLParser(
        encoding="utf-8",  # whatever the document says of itself
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        collect_ids=False,
    )


@functools.cache
def _schema() -> etree.XMLSchema:
    place = Path(onelogin.saml2.__file__).parent / "schemas" / "saml-schema-protocol-2.0.xsd"
    return etree.XMLSchema(etree.parse(str(place), parser()))
