"""What an object store is tried on before anything is put there: does it keep what create-only rests on? See ADR 17.

The objects are named `.placet-check/TOKEN-NAME` below the provider's prefix. No operation's key
has a segment that begins with a dot, so that the probe can neither find, nor replace, nor leave
anything under a key that a plan could name.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from placet.adapters.egress.exchange import Egress
from placet.adapters.objectstore.bucket import READ_SECONDS, Answered, Bucket, UnclearError
from placet.adapters.objectstore.place import KeyPair, Place, key_pair_of, parse_place
from placet.ports.effects import Credentials, Provider, Secret
from placet.ports.object_store import Promise

FOLDER: Final = ".placet-check"
_RACERS: Final = 4
_LIMIT_BYTES: Final = 4096


class ObjectStoreProbe:
    """Tries stores of kind `s3` out."""

    def __init__(self, egress: Egress, credentials: Credentials) -> None:
        """Take the way out and where credentials are."""
        self._egress = egress
        self._credentials = credentials

    async def probe(self, provider: Provider, token: str) -> tuple[Promise, ...]:
        """Return what the store kept, as `StorageProbe.probe`."""
        place, keys = parse_place(provider), key_pair_of(provider, self._credentials)
        attempt = _Attempt(egress=self._egress, place=place, keys=keys, token=token)
        try:
            return await attempt.made()
        finally:
            await attempt.tidy_up()


class _Attempt(Struct, frozen=True, kw_only=True):
    """One probe of one store."""

    egress: Egress
    place: Place
    keys: KeyPair
    token: str

    async def made(self) -> tuple[Promise, ...]:
        """Return the promises in order, up to the first that fails."""
        promises: list[tuple[str, Callable[[], Awaitable[str]]]] = [
            ("gives back what was put", self._gives_back),
            ("refuses to overwrite", self._refuses_to_overwrite),
            ("lets one of several at once create", self._lets_one_create),
            ("refuses a wrong checksum", self._refuses_wrong_checksum),
            ("refuses a wrong signature", self._refuses_wrong_signature),
            ("tells what is absent", self._tells_absent),
        ]
        made: list[Promise] = []
        for name, promise in promises:
            made.append(await _tried(name, promise))
            if not made[-1].kept:
                break
        return tuple(made)

    async def tidy_up(self) -> None:
        """Remove what was put, where the store lets us; what stays is named for what it is."""
        for name in ("first", "race", "checksum", "signature"):
            try:
                await self._bucket().remove(self._key(name))
            except UnclearError:
                continue

    async def _gives_back(self) -> str:
        sent = await self._create("first", b"first")
        return await self._must_stand("first", b"first") if sent is Answered.CREATED else _said(sent)

    async def _refuses_to_overwrite(self) -> str:
        sent = await self._create("first", b"second")
        if sent is not Answered.EXISTS:
            return f"an object that was to be created only stood there already, and {_said(sent)}"
        return await self._must_stand("first", b"first")

    async def _lets_one_create(self) -> str:
        contents = [f"racer {number}".encode() for number in range(_RACERS)]
        sent = await asyncio.gather(*(self._create("race", content) for content in contents))
        created = [content for content, answer in zip(contents, sent, strict=True) if answer is Answered.CREATED]
        if len(created) != 1:
            return f"{len(created)} of {_RACERS} were told that they had created the same object"
        return await self._must_stand("race", created[0])

    async def _refuses_wrong_checksum(self) -> str:
        wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode("ascii")
        bucket = Bucket(self.egress, self.place, self.keys, headers={"content-md5": wrong})
        return await self._must_be_refused(bucket, "checksum")

    async def _refuses_wrong_signature(self) -> str:
        secret = self.keys.secret.reveal()
        wrong = Secret(secret[:-1] + ("A" if secret[-1] != "A" else "B"))
        bucket = Bucket(self.egress, self.place, KeyPair(key_id=self.keys.key_id, secret=wrong))
        return await self._must_be_refused(bucket, "signature")

    async def _tells_absent(self) -> str:
        if await self._bucket().sha256_of(self._key("never"), limit=_LIMIT_BYTES) is not None:
            return "an object that nobody put is there"
        if not await self._bucket().lists(self._key("first")):
            return "the list of the bucket lacks an object that is there"
        return "" if not await self._bucket().lists(self._key("never")) else "the list holds what nobody put"

    async def _must_stand(self, name: str, content: bytes) -> str:
        found = await self._bucket().sha256_of(self._key(name), limit=_LIMIT_BYTES)
        return "" if found == hashlib.sha256(content).hexdigest() else "other bytes stand there than were put"

    async def _must_be_refused(self, bucket: Bucket, name: str) -> str:
        sent = await bucket.create(self._key(name), b"content", seconds=READ_SECONDS)
        if sent.answered in {Answered.CREATED, Answered.UNSENT}:
            return _said(sent.answered)
        found = await self._bucket().sha256_of(self._key(name), limit=_LIMIT_BYTES)
        return "" if found is None else "it was refused, and stands there all the same"

    async def _create(self, name: str, content: bytes) -> Answered:
        return (await self._bucket().create(self._key(name), content, seconds=READ_SECONDS)).answered

    def _bucket(self) -> Bucket:
        return Bucket(self.egress, self.place, self.keys)

    def _key(self, name: str) -> str:
        return f"{FOLDER}/{self.token}-{name}"


async def _tried(name: str, promise: Callable[[], Awaitable[str]]) -> Promise:
    """Return how a promise went: what it returns is what was wrong."""
    try:
        wrong = await promise()
    except UnclearError as error:
        wrong = error.message
    return Promise(name=name, kept=not wrong, seen=wrong or "it does")


def _said(answered: Answered) -> str:
    return {
        Answered.CREATED: "the store took it",
        Answered.EXISTS: "the store said that it exists",
        Answered.REFUSED: "the store refused it: it, its bucket or its credential is not what the record says",
        Answered.UNCLEAR: "the store gave no clear answer",
        Answered.UNSENT: "the store could not be reached",
    }[answered]
