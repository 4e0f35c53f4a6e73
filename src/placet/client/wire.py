"""Requests to one service, and its answers: what is safe to repeat is repeated, nothing else is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast
from urllib.parse import quote

import httpx2
import msgspec
from msgspec import Struct

from placet.client.problems import error_of
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.foreign_json import read_foreign_object
from placet.errors import ConfigurationError, InvalidInputError, UnavailableError
from placet.ports.effects import Secret

_CONNECT_SECONDS, _ANSWER_SECONDS = 10.0, 900.0
"""An effect may take its time: whoever gives up waiting does not know what became of it."""
_ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
_WAITS = (0.2, 1.0)
_LONGEST_WAIT = 10.0
_LATER = frozenset({429, 502, 503, 504})
_LOST = frozenset({"SERVER_UNREACHABLE", "SERVER_ANSWER_LOST"})
_GOOD = range(200, 300)
_KEY = re.compile(r"[!-~]{1,512}")

# The libraries below write headers to the debug log, and one of them is the key.
logging.getLogger("httpcore2").setLevel(logging.INFO)
logging.getLogger("httpx2").setLevel(logging.WARNING)


class Answer(Struct, frozen=True, kw_only=True):
    """What came back: the status, when to ask again at the earliest, and the whole body."""

    status: int
    retry_after: float | None
    content: bytes

    @property
    def document(self) -> Object:
        """Return the JSON object that came; raise as `Wire.get` where it is an error, or none."""
        content = self.checked
        try:
            # The two kinds of objects mean the same here, which mypy finds out on some runs only.
            document: Object = cast(
                "Any", read_foreign_object(content, what="the answer", code="SERVER_ANSWER_INVALID")
            )
        except InvalidInputError as error:
            raise UnavailableError(error.code, error.message) from error
        return document

    @property
    def checked(self) -> bytes:
        """Return the bytes that came; raise the error that they tell."""
        if self.status not in _GOOD:
            raise error_of(self.status, self.content)
        return self.content


class Wire:
    """One service, by its address. No redirect is followed: the key goes where it was meant to go."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        """Take a client that is open; use `opened`."""
        self._client = client

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, address: str, key: Secret | None) -> AsyncIterator[Wire]:
        """Open connections to the service at `address` (see `parse_server`) for the length of a `with`.

        Raise `ConfigurationError` (`API_KEY_MISSING`, `API_KEY_INVALID`).
        """
        headers = {"authorization": f"Bearer {_shown(key)}", "user-agent": "placet", "accept-encoding": "identity"}
        async with httpx2.AsyncClient(
            base_url=address,
            headers=headers,
            timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            verify=ssl.create_default_context(),
            follow_redirects=False,
            trust_env=False,
        ) as client:
            yield cls(client)

    async def get(self, *path: str, **query: str | int | None) -> Object:
        """Return the document at a path; a query's None and empty values are left out.

        A read is repeated where the service was not reached or asks for patience. Raise the error
        that it tells, and `UnavailableError` (`SERVER_UNREACHABLE`, `SERVER_ANSWER_INVALID`, …).
        """
        return (await self._read(path, query)).document

    async def get_bytes(self, *path: str, **query: str | int | None) -> bytes:
        """Return the bytes at a path, as `get`."""
        return (await self._read(path, query)).checked

    async def post(self, *path: str, body: Mapping[str, Any]) -> Object:
        """Ask for something once, and return the answer; raise as `get`, and `SERVER_ANSWER_LOST`."""
        content = msgspec.json.encode(body)
        return (await self._send("POST", path, {}, content, "application/json")).document

    async def put(self, *path: str, content: bytes, **query: str | int | None) -> Object:
        """Send bytes once, and return the answer; raise as `post`."""
        return (await self._send("PUT", path, query, content, "application/octet-stream")).document

    async def _read(self, path: tuple[str, ...], query: Mapping[str, str | int | None]) -> Answer:
        for wait in _WAITS:
            seconds = wait
            try:
                answer = await self._send("GET", path, query, b"", "")
                if answer.status not in _LATER:
                    return answer
                seconds = max(wait, min(answer.retry_after or 0.0, _LONGEST_WAIT))
            except UnavailableError as error:
                if error.code not in _LOST:
                    raise
            await asyncio.sleep(seconds)
        return await self._send("GET", path, query, b"", "")

    async def _send(
        self, method: str, path: tuple[str, ...], query: Mapping[str, str | int | None], content: bytes, kind: str
    ) -> Answer:
        url = "/" + "/".join(quote(segment, safe="") for segment in path)
        given = {name: value for name, value in query.items() if value not in (None, "")}
        headers = {"content-type": kind} if kind else {}
        try:
            async with self._client.stream(method, url, params=given, content=content, headers=headers) as response:
                whole = await _whole(response.aiter_raw())
                return Answer(status=response.status_code, retry_after=_seconds(response), content=whole)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _unreachable(error) from error
        except httpx2.TransportError as error:
            raise UnavailableError(
                "SERVER_ANSWER_LOST",
                f"the service was asked, and its answer did not come ({type(error).__name__})",
                hint="ask again: what was done is not done twice; placet run list tells how far it came",
            ) from error


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > _ANSWER_LIMIT_BYTES:
            raise UnavailableError("SERVER_ANSWER_INVALID", f"the answer has more than {_ANSWER_LIMIT_BYTES} bytes")
    return bytes(body)


def _seconds(response: httpx2.Response) -> float | None:
    said = response.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdecimal() and len(said) < len("10000") else None


def _unreachable(error: Exception) -> UnavailableError:
    untrusted = "certificate verify failed" in str(error).lower().replace("_", " ")
    why = "its certificate is not trusted here" if untrusted else type(error).__name__
    return UnavailableError("SERVER_UNREACHABLE", f"the service could not be reached, and nothing was sent ({why})")


def _shown(key: Secret | None) -> str:
    if key is None:
        raise ConfigurationError("API_KEY_MISSING", "a service is asked with an API key, and none is set")
    # Checked here, because a library that meets a bad header value quotes it in its error.
    if _KEY.fullmatch(key.reveal()) is None:
        raise ConfigurationError("API_KEY_INVALID", "the API key is not one word of printable ASCII")
    return key.reveal()
