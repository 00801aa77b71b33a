"""Connectors: places outside, one kind each, behind the port in `base`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from governance.sentence import phrase
from ingestion.connectors.base import Connector, Field, Ground


@dataclass(frozen=True)
class Kind:
    """`adapter` is a dotted path: a kind's libraries are loaded once it is used."""

    name: str
    label: str
    help: str
    adapter: str

    @property
    def fields(self) -> tuple[Field, ...]:
        found: tuple[Field, ...] = import_string(self.adapter).fields
        return found


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "folder",
            phrase("Folder on the server"),
            phrase("A share that the operator has opened to your organisation."),
            "ingestion.connectors.folder.Folder",
        ),
        Kind(
            "zip",
            phrase("ZIP archive"),
            phrase("A batch of files, uploaded or at an address."),
            "ingestion.connectors.archive.Archive",
        ),
        Kind("s3", phrase("S3 bucket"), phrase("Amazon S3, MinIO, Ceph and others."), "ingestion.connectors.s3.Bucket"),
        Kind(
            "webdav",
            phrase("WebDAV folder"),
            phrase("Nextcloud, ownCloud, SharePoint with WebDAV, and others."),
            "ingestion.connectors.webdav.WebDav",
        ),
        Kind(
            "imap",
            phrase("Mailbox"),
            phrase("A folder of an IMAP mailbox; attachments become documents of their own."),
            "ingestion.connectors.mailbox.Mailbox",
        ),
        Kind(
            "git",
            phrase("Git repository"),
            phrase("A branch, over https."),
            "ingestion.connectors.repository.Repository",
        ),
        Kind(
            "website",
            phrase("Website"),
            phrase("Pages of one server, by its sitemap or by following links."),
            "ingestion.connectors.website.Website",
        ),
    )
}


def connector(kind: str, settings: Mapping[str, Any], secrets: Mapping[str, str], ground: Ground) -> Connector:
    made: Connector = import_string(KINDS[kind].adapter)(settings, secrets, ground)
    return made
