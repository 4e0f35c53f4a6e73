"""Where a service is: an https address, or plain http on this very machine."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from placet.errors import ConfigurationError

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45}")
_HINT = "give it as https://HOST or https://HOST:PORT; http:// is for this machine's loopback only"


def parse_server(text: str) -> str:
    """Return the address of a service as it is used: scheme, host and port, without a slash at its end.

    Raise `ConfigurationError` (`SERVER_INVALID`) for user info, a path, a query, a fragment, another
    scheme than http and https, and plain http to anything but loopback: the key would be read on its way.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _refused("it is no address") from error
    if "@" in parts.netloc:  # it may be a password, and is not shown
        raise _refused("it holds a user or a password")
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not text.isascii() or _HOST.fullmatch(host) is None:
        raise _refused(f"{text[:120]!a} is no http or https address")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "?" in text or "#" in text:
        raise _refused(f"{text[:120]!a} says more than scheme, host and port")
    if parts.scheme == "http" and not _is_loopback(host):
        raise _refused(f"{host} is named with plain http")
    authority = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{authority}" + (f":{port}" if port is not None else "")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(why: str) -> ConfigurationError:
    return ConfigurationError("SERVER_INVALID", f"the server's address cannot be used: {why}", hint=_HINT)
