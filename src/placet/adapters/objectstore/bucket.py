"""The few requests that Placet makes to a bucket: create, read, list, remove; each is sent at most once.

The requests are made and signed by `obstore`. Its own connections lead through a tunnel of the
egress guard, one for each request; its retries are off, and nothing that it would take from the
environment (endpoint, proxy, credentials, TLS) is left to it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import AMBIGUOUS, BeforeFirstByte, Caps, NothingSentError
from placet.adapters.egress.tunnel import Tunnel, tunnel_to
from placet.adapters.objectstore.place import KeyPair, Place
from placet.errors import EffectError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Credential, S3Store

READ_SECONDS: Final = 30.0
_LIST_SECONDS: Final = 10.0
_LISTED: Final = 100
_ANSWER_BYTES: Final = 4 * 1024 * 1024
_NO_PROXY: Final = "http://127.0.0.1:9"
"""A proxy that nothing is sent to: naming one keeps the library from the environment's."""


class Answered(Enum):
    """How sending an object ended. `UNCLEAR` may have acted, `UNSENT` has not."""

    CREATED = auto()
    EXISTS = auto()
    REFUSED = auto()
    UNCLEAR = auto()
    UNSENT = auto()


class Sent(Struct, frozen=True, kw_only=True):
    """How sending ended, and in words of ours."""

    answered: Answered
    reason: str


class UnclearError(EffectError):
    """The store gave no answer from which anything follows."""


class Bucket:
    """One bucket with one pair of keys."""

    def __init__(
        self, egress: Egress, place: Place, keys: KeyPair, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Take the way out, the place and what signs; `headers` go with each request, unsigned."""
        self._egress = egress
        self._place = place
        self._keys = keys
        self._headers = {"cache-control": "no-cache", **(headers or {})}

    async def create(
        self, key: str, content: bytes, *, seconds: float, before_first_byte: BeforeFirstByte | None = None
    ) -> Sent:
        """Send the object once, to be created and never to replace one (`If-None-Match: *`).

        Raise what `before_first_byte` raises, and `EffectError` (`EGRESS_DENIED`); nothing was
        sent then.
        """
        import obstore  # noqa: PLC0415 - only those who send shall pay for it

        name = self._place.prefix + key
        caps = Caps(seconds=seconds, answer_bytes=_ANSWER_BYTES)
        try:
            async with self._connection(caps, before_first_byte) as (store, tunnel):
                try:
                    await obstore.put_async(store, name, content, mode="create", use_multipart=False)
                except (obstore.exceptions.BaseError, OSError, ValueError) as error:
                    if tunnel.refusal is not None:
                        raise tunnel.refusal from None
                    return _sent(error, may_be_sent=tunnel.may_be_sent)
                return Sent(answered=Answered.CREATED, reason="the store said that it is created")
        except NothingSentError as error:
            return Sent(answered=Answered.UNSENT, reason=error.message)
        except TimeoutError:
            return Sent(answered=Answered.UNCLEAR, reason=f"no whole answer within {seconds:.3g} s")

    async def sha256_of(self, key: str, *, limit: int) -> str | None:
        """Return the SHA-256 of what is served under `key`, hashed as it arrives; None where the store says 404.

        Empty where it is larger than `limit`. Raise `UnclearError` for any other answer, a cut
        one included.
        """
        import obstore  # noqa: PLC0415 - as above

        caps = Caps(seconds=READ_SECONDS, answer_bytes=limit + limit // 8 + _ANSWER_BYTES)
        async with self._reading(caps) as store:
            try:
                found = await obstore.get_async(store, self._place.prefix + key)
            except FileNotFoundError:
                return None
            if not found.meta["e_tag"]:
                raise UnclearError(AMBIGUOUS, "the answer is not one that an object store gives")
            if found.meta["size"] > limit:
                return ""
            digest, size = hashlib.sha256(), 0
            async for chunk in found.stream():
                digest.update(chunk)
                size += len(chunk)
            if size != found.meta["size"]:
                raise UnclearError(AMBIGUOUS, "the store sent fewer bytes than it announced")
            return digest.hexdigest()

    async def lists(self, key: str) -> bool:
        """Return whether the bucket's own list holds `key`, by the same credential; raise `UnclearError`.

        The list is asked to begin right before the key, so that its first page tells.
        """
        import obstore  # noqa: PLC0415 - as above

        name = self._place.prefix + key
        folder = name.rpartition("/")[0]
        async with self._reading(Caps(seconds=_LIST_SECONDS, answer_bytes=_ANSWER_BYTES)) as store:
            pages = obstore.list(store, prefix=folder or None, offset=name[:-1], chunk_size=_LISTED)
            try:
                page = await pages.__anext__()
            except StopAsyncIteration:
                return False
            return any(each["path"] == name for each in page)

    async def remove(self, key: str) -> None:
        """Take the object away, where the store lets us; raise `UnclearError` where it does not say so."""
        import obstore  # noqa: PLC0415 - as above

        async with self._reading(Caps(seconds=_LIST_SECONDS)) as store:
            await obstore.delete_async(store, self._place.prefix + key)

    @contextlib.asynccontextmanager
    async def _reading(self, caps: Caps) -> AsyncIterator[S3Store]:
        import obstore  # noqa: PLC0415 - as above

        try:
            async with self._connection(caps, None) as (store, _):
                yield store
        except (obstore.exceptions.BaseError, OSError, ValueError, KeyError, NothingSentError):
            # Without its cause, whose text holds what the store echoed.
            raise UnclearError(AMBIGUOUS, f"{self._place.endpoint.host} gave no clear answer") from None

    @contextlib.asynccontextmanager
    async def _connection(
        self, caps: Caps, before_first_byte: BeforeFirstByte | None
    ) -> AsyncIterator[tuple[S3Store, Tunnel]]:
        """Open a store of one request; the addresses are resolved and checked before anything is opened."""
        addresses = await self._egress.addresses(self._place.endpoint)
        async with tunnel_to(self._place.endpoint, addresses, caps, before_first_byte) as tunnel:
            yield self._store(tunnel, caps), tunnel

    def _store(self, tunnel: Tunnel, caps: Caps) -> S3Store:
        from obstore.store import S3Store  # noqa: PLC0415 - as above

        plain = self._place.endpoint.scheme == "http"
        endpoint = tunnel.url if plain else f"https://{self._place.endpoint.authority}"
        config: S3Config = {
            "endpoint": endpoint,
            "aws_endpoint_url_s3": endpoint,
            "region": self._place.region,
            "virtual_hosted_style_request": False,
            "s3_express": False,
            "skip_signature": False,
            "unsigned_payload": False,
            "conditional_put": "etag",
            "checksum_algorithm": "sha256",
            "disable_bulk_delete": True,
            "request_payer": False,
        }
        client: ClientConfig = {
            "allow_http": plain,
            "allow_invalid_certificates": False,
            "http1_only": True,
            "timeout": timedelta(seconds=caps.seconds),
            "connect_timeout": timedelta(seconds=min(caps.seconds, caps.connect_seconds)),
            "pool_max_idle_per_host": "0",
            "proxy_url": _NO_PROXY if plain else tunnel.url,
            "proxy_excludes": "127.0.0.1" if plain else "",
            "default_headers": dict(self._headers),
            "user_agent": "placet",
        }
        if roots := self._egress.roots():
            client["root_certificate"] = roots
        return S3Store(
            self._place.bucket,
            config=config,
            client_options=client,
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
            credential_provider=self._credential,
        )

    def _credential(self) -> S3Credential:
        return {
            "access_key_id": self._keys.key_id.reveal(),
            "secret_access_key": self._keys.secret.reveal(),
            "token": None,
            "expires_at": None,
        }


def _sent(error: Exception, *, may_be_sent: bool) -> Sent:
    """Return what the library's error says about the object; its text is never shown."""
    from obstore import exceptions  # noqa: PLC0415 - as above

    if isinstance(error, exceptions.AlreadyExistsError | exceptions.PreconditionError):
        return Sent(answered=Answered.EXISTS, reason="the store said that it exists")
    if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError | FileNotFoundError):
        return Sent(answered=Answered.REFUSED, reason="the store refused it")
    if not may_be_sent:
        return Sent(answered=Answered.UNSENT, reason="no connection could be made")
    return Sent(answered=Answered.UNCLEAR, reason="the store gave no clear answer")
