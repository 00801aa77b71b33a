"""A bucket that speaks S3: Amazon's, MinIO, Ceph, and others. Requests are signed by botocore and sent through the guard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote, unquote_plus, urlencode, urlsplit

from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from governance.sentence import phrase, sentence
from ingestion.connectors import paths, web
from ingestion.connectors.base import (
    KEY_MAX,
    Change,
    Connector,
    Field,
    Ground,
    Item,
    Reached,
    SourceRefuses,
    too_many,
)
from ingestion.connectors.folder import PATTERNS

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of no body
PAGES = 10_000


class Bucket(Connector):
    """By path, without DNS names of buckets. The mark is the ETag with the size."""

    fields = (
        Field(
            "endpoint",
            phrase("Address of the service"),
            "text",
            phrase("Such as https://s3.eu-central-1.amazonaws.com or https://minio.example.org"),
            True,
        ),
        Field("bucket", phrase("Bucket"), required=True, most=63, least=3),
        Field(
            "prefix",
            phrase("Prefix"),
            "text",
            phrase("Only keys that begin with it, such as contracts/. Empty for all."),
        ),
        Field("region", phrase("Region"), default="us-east-1", most=60),
        Field(
            "access_key", phrase("Access key"), "text", phrase("Empty for a bucket that everybody may read."), most=200
        ),
        Field("secret_key", phrase("Secret key"), "secret", most=200),
        PATTERNS,
    )

    def __init__(self, settings: Any, secrets: Any, ground: Ground) -> None:
        super().__init__(settings, secrets, ground)
        self.url = str(settings.get("endpoint", "")).rstrip("/")
        self.bucket, self.prefix = str(settings.get("bucket", "")), str(settings.get("prefix", ""))
        key = str(settings.get("access_key", ""))
        region = str(settings.get("region") or "us-east-1")
        known = Credentials(key, secrets.get("secret_key", "")) if key else None
        self.signer = S3SigV4Auth(known, "s3", region) if known else None
        self.web = web.Web(ground, self.url)

    def changes(self, cursor: str) -> Iterator[Change]:
        patterns, found, token, seen = paths.lines(self.settings.get("patterns")), 0, "", set[str]()
        for _ in range(PAGES):
            self.web.require_time()
            root = self._page(token)
            for item in _items(root):
                found += 1
                if found > self.ground.items:
                    raise too_many(self.ground.items)
                if paths.wanted(item.key.removeprefix(self.prefix).lstrip("/"), patterns):
                    yield item
            token = _text(root, "NextContinuationToken")
            if _text(root, "IsTruncated") != "true":
                yield Reached()
                return
            if not token or token in seen:
                break
            seen.add(token)
        raise SourceRefuses(sentence("%(host)s lists without an end.", host=web.host(self.url)))

    def read(self, item: Item) -> BinaryIO:
        url = f"{self.url}/{quote(self.bucket)}/{quote(item.key)}"
        return self.web.fetch(url, headers=self._signed(url))

    def probe(self) -> str:
        number = sum(1 for _ in _items(self._page("")))
        return sentence("The bucket can be read. Its first page lists %(number)s objects.", number=number)

    def close(self) -> None:
        self.web.close()

    def _page(self, token: str) -> Any:
        asked = {"list-type": "2", "max-keys": "1000", "encoding-type": "url", "prefix": self.prefix}
        asked |= {"continuation-token": token} if token else {}
        url = f"{self.url}/{quote(self.bucket)}?{urlencode(asked, quote_via=quote)}"
        with self.web.open("GET", url, headers=self._signed(url)) as answer:
            web.require(answer)
            return web.xml(answer.body(), url)

    def _signed(self, url: str) -> dict[str, str]:
        """Compression is not asked for: an object is its bytes."""
        headers = {"Accept-Encoding": "identity"}
        if self.signer is None:
            return headers
        request = AWSRequest("GET", url, headers={"Host": urlsplit(url).netloc, "X-Amz-Content-SHA256": EMPTY})
        self.signer.add_auth(request)
        return headers | dict(request.headers.items())


def _items(root: Any) -> Iterator[Item]:
    is_quoted = _text(root, "EncodingType") == "url"
    for one in root.iter():
        if web.local(one) != "Contents":
            continue
        key = _text(one, "Key")
        key = unquote_plus(key) if is_quoted else key
        size = _text(one, "Size")
        if key.endswith("/") or not key.isprintable() or not 0 < len(key.encode()) <= KEY_MAX or not _is_read(key):
            continue  # a folder's marker, or what no name can be made of
        mark = f"{_text(one, 'ETag')}-{size}"
        yield Item(key, paths.last(key), mark, web.number(size), folder=paths.parent(key))


def _is_read(key: str) -> bool:
    """A step up in a key would be taken out of the address on its way, and another object be asked for."""
    return not {".", ".."} & set(key.split("/"))


def _text(of: Any, name: str) -> str:
    return next(((one.text or "").strip() for one in of if web.local(one) == name), "")
