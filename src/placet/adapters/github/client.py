"""The requests that Placet makes about one repository: reads, never from a cache, and the few that act."""

from __future__ import annotations

import json
from typing import NoReturn
from urllib.parse import quote

from msgspec import Struct

from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Answer, Caps, Request
from placet.adapters.github.answers import (
    UnclearError,
    cursor_of_next_page,
    names_next_page,
    object_in,
    object_of,
    objects_in,
    text_of,
)
from placet.adapters.github.place import Place, place_of
from placet.domain.encoding.foreign_json import JsonObject
from placet.domain.values.repository import RepositoryName
from placet.errors import EffectError
from placet.ports.effects import Credentials, Provider, Secret
from placet.ports.executor import SendPermit

OK = 200
PER_PAGE = 100
MOST_PAGES = 100
_READ_SECONDS = 10.0
_READ_BYTES = 16 * 1024 * 1024
_OTHER_ANSWER_BYTES = 64 * 1024
JSON = "application/vnd.github+json"
BYTES = "application/octet-stream"
_HEADERS = {"x-github-api-version": "2022-11-28"}
_UNCACHED = {**_HEADERS, "cache-control": "no-cache"}


class Ref(Struct, frozen=True, kw_only=True):
    """Where a tag or branch points: at an object of git by kind and SHA."""

    kind: str
    sha: str


class Upload(Struct, frozen=True, kw_only=True):
    """Bytes on their way to be an asset of a release."""

    release_id: int
    name: str
    content: bytes


class Repository:
    """One repository with one credential."""

    def __init__(self, egress: Egress, place: Place, bearer: Secret | None, name: RepositoryName) -> None:
        """Take the way out, the GitHub, what to show it, and the repository."""
        self._egress = egress
        self._place = place
        self._bearer = bearer
        self.name = name
        self.owner = name.partition("/")[0]
        self._path = f"/repos/{name}"

    async def check_readable(self, *, for_drafts: bool = False) -> None:
        """Return if the repository answers to this credential; without it nothing is *absent* (protocol 5).

        With `for_drafts` the answer must not say that the credential may not push: GitHub shows
        drafts to nobody else. Raise `UnclearError`.
        """
        answer = await self._get("")
        found = object_in(_good(answer))
        if text_of(found, "full_name").lower() != self.name:
            raise UnclearError("PROVIDER_UNCLEAR", f"GitHub answered about another repository than {self.name}")
        permissions = found.get("permissions")
        if for_drafts and isinstance(permissions, dict) and permissions.get("push") is False:
            raise UnclearError("PROVIDER_UNCLEAR", f"the credential may not push to {self.name}, so it sees no drafts")

    async def ref(self, kind: str, name: str) -> Ref | None:
        """Return where the tag (`tags`) or branch (`heads`) points, None where the list of refs lacks it.

        Raise `UnclearError`. A list, because an empty one is an answer: a 404 is also given for a
        right that was lost.
        """
        await self.check_readable()
        full = f"refs/{kind}/{name}"
        found = [
            object_of(each, "object")
            for each in await self.pages(f"/git/matching-refs/{quote(f'{kind}/{name}', safe='')}")
            if text_of(each, "ref") == full
        ]
        if len(found) > 1:
            raise UnclearError("PROVIDER_UNCLEAR", f"GitHub shows {full} twice")
        return Ref(kind=text_of(found[0], "type"), sha=text_of(found[0], "sha")) if found else None

    async def commit_of_tag(self, tag_sha: str) -> str | None:
        """Return the commit that an annotated tag's object names, None where it names something else.

        Raise `UnclearError`, also where the object is not shown.
        """
        found = await self.one(f"/git/tags/{tag_sha}")
        named = object_of(found, "object")
        if text_of(found, "sha") != tag_sha:
            raise UnclearError("PROVIDER_UNCLEAR", f"GitHub answered about another object than {tag_sha}")
        return text_of(named, "sha") if text_of(named, "type") == "commit" else None

    async def one(self, path: str) -> JsonObject:
        """Return the object at `path` below the repository, or raise `UnclearError`."""
        return object_in(_good(await self._get(path)))

    async def pages(self, path: str, query: str = "") -> list[JsonObject]:
        """Return the elements of all pages of a list; raise `UnclearError` where it has no end in 100 pages.

        The next page is asked for by number where the last was full or names one.
        """
        found: list[JsonObject] = []
        for page in range(1, MOST_PAGES + 1):
            answer = _good(await self._get(f"{path}?{query}{'&' if query else ''}per_page={PER_PAGE}&page={page}"))
            elements = objects_in(answer)
            found += elements
            if len(elements) < PER_PAGE and not names_next_page(answer):
                return found
        raise UnclearError("PROVIDER_UNCLEAR", f"a list of {self.name} has more than {MOST_PAGES} pages")

    async def pages_by_cursor(self, path: str) -> list[JsonObject]:
        """Return the elements of all pages of a list whose pages are told by cursors; raise as `pages`."""
        found: list[JsonObject] = []
        cursor: str | None = ""
        for _ in range(MOST_PAGES):
            after = f"&after={quote(cursor, safe='')}" if cursor else ""
            answer = _good(await self._get(f"{path}?per_page={PER_PAGE}{after}"))
            found += objects_in(answer)
            cursor = cursor_of_next_page(answer)
            if cursor is None:
                return found
        raise UnclearError("PROVIDER_UNCLEAR", f"a list of {self.name} has more than {MOST_PAGES} pages")

    async def bytes_of_asset(self, asset_id: int, size: int) -> bytes:
        """Return the bytes of an asset of that size; raise `UnclearError`, also where GitHub leads to another host."""
        limit = size + _OTHER_ANSWER_BYTES
        return _good(await self._get(f"/releases/assets/{asset_id}", accept=BYTES, limit=limit)).body

    async def write(self, method: str, path: str, members: JsonObject, permit: SendPermit) -> Answer:
        """Send a request that acts once, the permit checked at its first byte; raise as `Egress.exchange`."""
        request = Request(
            method=method,
            path=self._path + path,
            headers={**_HEADERS, "accept": JSON, "content-type": "application/json"},
            body=json.dumps(members, separators=(",", ":")).encode() if members else b"",
            bearer=self._bearer,
        )
        caps = Caps(seconds=permit.seconds_left, answer_bytes=_READ_BYTES)
        return await self._egress.exchange(self._place.api, request, caps, permit.check)

    async def upload(self, upload: Upload, permit: SendPermit) -> Answer:
        """Send the bytes of an asset once, to the uploads' address of the provider's record."""
        request = Request(
            method="POST",
            path=f"{self._path}/releases/{upload.release_id}/assets?name={quote(upload.name, safe='')}",
            headers={**_HEADERS, "accept": JSON, "content-type": BYTES},
            body=upload.content,
            bearer=self._bearer,
        )
        caps = Caps(seconds=permit.seconds_left, answer_bytes=_READ_BYTES)
        return await self._egress.exchange(self._place.uploads, request, caps, permit.check)

    def said(self, answer: Answer) -> str:
        """Return what a refusal says, short and in ASCII; no text of it where it repeats the credential."""
        try:
            message = text_of(object_in(answer), "message")
        except UnclearError:
            return f" with {answer.status}"
        if self._bearer is not None and self._bearer.reveal() in message:
            return f" with {answer.status}"
        return f" with {answer.status}: {message[:120]!a}"

    async def _get(self, path: str, *, accept: str = JSON, limit: int = _READ_BYTES) -> Answer:
        request = Request(
            method="GET", path=self._path + path, headers={**_UNCACHED, "accept": accept}, bearer=self._bearer
        )
        caps = Caps(seconds=_READ_SECONDS, answer_bytes=limit)
        try:
            return await self._egress.exchange(self._place.api, request, caps)
        except EffectError as error:  # also EGRESS_DENIED: what was sent before may stand, so a read decides nothing
            raise UnclearError(error.code, error.message) from error


def repository_at(egress: Egress, credentials: Credentials, provider: Provider, name: RepositoryName) -> Repository:
    """Return the repository of that name at the provider, with the provider's credential."""
    return Repository(egress, place_of(provider), credentials.of(provider), name)


def _good(answer: Answer) -> Answer:
    if answer.status != OK or answer.headers.get("age", "0") != "0":
        _unclear(answer)
    return answer


def _unclear(answer: Answer) -> NoReturn:
    cached = " out of a cache" if answer.headers.get("age", "0") != "0" else ""
    raise UnclearError("PROVIDER_UNCLEAR", f"GitHub answered {answer.status}{cached}")
