"""Sentences with values in them that rows of sources keep: the portal finds them here, to say them in another language."""

from __future__ import annotations

from governance.sentence import phrase
from ingestion.connectors.website import CUT
from ingestion.documents.files import TOO_LARGE

KEPT = (
    TOO_LARGE,
    CUT,
    phrase("There are more than %(limit)s items."),
    phrase("The list takes more than %(most)s seconds."),
    phrase("%(host)s refuses the credentials (status %(status)s)."),
    phrase("%(host)s has nothing at this address (status %(status)s)."),
    phrase("%(host)s answers with status %(status)s."),
    phrase("%(host)s answers with more than can be read."),
    phrase("%(host)s answers with something that cannot be read."),
    phrase("%(host)s sends us on to another host, which is not followed."),
    phrase("%(host)s redirects in circles."),
    phrase("%(host)s breaks off."),
    phrase("%(host)s lists without an end."),
    phrase("%(host)s has no sitemap at this address."),
    phrase("%(host)s sends more than is fetched."),
    phrase("%(host)s sends a repository that cannot be unpacked here."),
    phrase("%(host)s does not answer as a Git server does (%(fault)s)."),
    phrase("%(host)s takes more than %(most)s seconds."),
    phrase("%(host)s does not answer (%(fault)s)."),
    phrase("%(host)s must be reached by https."),
)
