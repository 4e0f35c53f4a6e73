"""Where a provider's requests go: scheme, host, port and base path, from its record alone.

Nothing in a plan, a package or an answer can name a host: paths are joined below the base path
after a strict grammar, and whatever does not fit it is `EGRESS_DENIED`.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NoReturn
from urllib.parse import unquote

from msgspec import Struct

from placet.errors import EffectError

EGRESS_DENIED = "EGRESS_DENIED"
_RECORD = "requests go only where the provider's record says: see `placet provider list`"
_ADDRESS = "give the address as https://HOST/PATH, in lower case; http:// is for this machine's loopback only"
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>(?:/.*)?)"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~@!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+")
_PAIR = r"(?:write|per_page|page|after|name|state|head|base)=(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+"
_QUERY = re.compile(f"{_PAIR}(?:&{_PAIR})*")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f\\%\ufffd]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535


class Endpoint(Struct, frozen=True, kw_only=True):
    """One provider's address. `host` carries no brackets; `base_path` ends without a slash.

    `literal` is the host as an address where the record names one, `private` whether the
    operator said that the name lies inside a private network.
    """

    scheme: str
    host: str
    port: int
    base_path: str
    literal: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    private: bool

    @property
    def names_loopback(self) -> bool:
        """Whether the record itself says that this is the same machine (RFC 6761 for `localhost`)."""
        if self.literal is not None:
            return self.literal.is_loopback
        return self.host == "localhost" or self.host.endswith(".localhost")

    @property
    def authority(self) -> str:
        """Return `host[:port]` as the `Host` header and URLs spell it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def url(self, path: str) -> str:
        """Return the absolute URL of `path` below the base path, as a provider's own documents show it."""
        return f"{self.scheme}://{self.authority}{self.target(path)}"

    def target(self, path: str) -> str:
        """Return the request target of `path`, which starts with `/`, below the base path.

        Raise `EffectError` (`EGRESS_DENIED`) for a path with an empty, `.` or `..` segment,
        encoded or not, an encoded control character, backslash or percent sign, or characters
        that a path does not have. A query holds only the few
        names that we send, with values of a strict grammar.
        """
        plain, question, query = path.partition("?")
        if question and (_QUERY.fullmatch(query) is None or _HIDDEN.search(unquote(query)) is not None):
            _deny(f"the query {query[:40]!r} is none that we send")
        if not plain.startswith("/"):
            _deny(f"the path {path[:80]!r} does not start with a slash")
        for segment in plain[1:].split("/"):
            _check_segment(segment)
        return self.base_path + path


def parse_endpoint(url: str, *, private: bool = False) -> Endpoint:
    """Return the endpoint that a provider record's `url` names.

    Raise `EffectError` (`EGRESS_DENIED`) for user info, a query, a fragment, another scheme than
    http and https, a host that is neither a name nor an address in its usual spelling (decimal,
    octal and hexadecimal forms are none), or plain HTTP to anything but loopback.
    """
    match = _URL.fullmatch(url)
    if match is None or not url.isascii():
        _deny(f"the address {url[:120]!r} is not a plain http or https URL", hint=_ADDRESS)
    scheme, path = match["scheme"], match["path"].rstrip("/")
    for segment in path.split("/")[1:]:
        _check_segment(segment)
    host = match["host"].removeprefix("[").removesuffix("]")
    endpoint = Endpoint(
        scheme=scheme,
        host=host,
        port=_port(match["port"], scheme),
        base_path=path,
        literal=_literal(match["host"]),
        private=private,
    )
    if scheme == "http" and not endpoint.names_loopback:
        _deny(f"{host} is named with plain http, which is allowed on loopback only", hint=_ADDRESS)
    return endpoint


def _port(text: str | None, scheme: str) -> int:
    port = int(text) if text else _DEFAULT_PORTS[scheme]
    if port > _MAX_PORT:
        _deny(f"{port} is no port")
    return port


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if host.startswith("["):
        return _ipv6(host[1:-1])
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]) is None:
        if any(_LABEL.fullmatch(label) is None for label in labels):
            _deny(f"{host[:80]!r} is no host name")
        return None
    try:
        return ipaddress.IPv4Address(host)
    except ipaddress.AddressValueError:
        _deny(f"{host[:80]!r} is an address in an unusual spelling")


def _ipv6(text: str) -> ipaddress.IPv6Address:
    try:
        address = ipaddress.IPv6Address(text)
    except ipaddress.AddressValueError:
        _deny(f"{text[:80]!r} is no IPv6 address")
    if address.compressed != text:
        _deny(f"{text[:80]!r} is an address in an unusual spelling")
    return address


def _check_segment(segment: str) -> None:
    decoded = unquote(segment, errors="replace")
    parts = decoded.split("/")
    if _SEGMENT.fullmatch(segment) is None or any(part in {"", ".", ".."} for part in parts):
        _deny(f"the path segment {segment[:80]!r} is not one that we send")
    if _HIDDEN.search(decoded) is not None:
        _deny(f"the path segment {segment[:80]!r} hides a character that no path of ours has")


def _deny(reason: str, *, hint: str = _RECORD) -> NoReturn:
    raise EffectError(EGRESS_DENIED, f"nothing was opened: {reason}", hint=hint)
