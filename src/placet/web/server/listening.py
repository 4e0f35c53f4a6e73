"""Where the service listens, with or without TLS, and where it refuses to."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from placet.config.service import HostPort, ServiceSettings
from placet.errors import ConfigurationError
from placet.web.addresses import is_loopback

BACKLOG = 1024
_TLS_1_2_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Forward secrecy and authenticated encryption; TLS 1.3 has nothing else."""
_FILES_BESIDE_CONNECTIONS = 256
_NOT_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Tls(Struct, frozen=True, kw_only=True):
    """What a server shows and how it speaks."""

    certificate: Path
    key: Path


def tls_of(settings: ServiceSettings) -> Tls | None:
    """Return what TLS is spoken with, None for plain HTTP.

    Raise `ConfigurationError` (`TLS_UNUSABLE`) where one file of the two is missing.
    """
    if settings.tls_certificate is None and settings.tls_key is None:
        return None
    if settings.tls_certificate is None or settings.tls_key is None:
        raise ConfigurationError(
            "TLS_UNUSABLE", "TLS takes a certificate and its key", hint="give --tls-cert and --tls-key"
        )
    return Tls(certificate=settings.tls_certificate, key=settings.tls_key)


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return the context of a TLS server: 1.2 at least, with forward secrecy.

    Raise `ConfigurationError`: `KEY_FILE_EXPOSED` where others may read the key, `TLS_UNUSABLE` where
    the files cannot be read or do not fit each other.
    """
    try:
        if os.stat(tls.key).st_mode & _NOT_FOR_OTHERS:  # noqa: PTH116 - what it leads to, not the link
            raise ConfigurationError("KEY_FILE_EXPOSED", f"others may read or write the TLS key {str(tls.key)[:200]!a}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_TLS_1_2_CIPHERS)
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "a password is needed"
        raise ConfigurationError(
            "TLS_UNUSABLE", f"TLS cannot be spoken with {str(tls.certificate)[:200]!a} and its key: {reason}"
        ) from error
    return context


def encryption(settings: ServiceSettings, address: HostPort, *, proxied: bool) -> ssl.SSLContext | None:
    """Return the context of TLS at `address`, None for plain HTTP.

    Raise as `tls_of`, `check_exposure` and `tls_context`.
    """
    tls = tls_of(settings)
    check_exposure(address, tls=tls is not None, behind_proxy=proxied)
    return tls_context(tls) if tls else None


def check_exposure(address: HostPort, *, tls: bool, behind_proxy: bool) -> None:
    """Return where keys cannot be read on the way: on loopback, over TLS, or behind a proxy that speaks it.

    Raise `ConfigurationError` (`TLS_REQUIRED`).
    """
    if tls or behind_proxy or all(is_loopback(each) for each in _resolved(address)):
        return
    raise ConfigurationError(
        "TLS_REQUIRED", f"on {address.host[:60]!a} keys would cross the network in the clear: TLS is needed there"
    )


def listen(address: HostPort, *, shared: bool = False) -> socket.socket:
    """Return a socket that listens; a port that is taken raises `ConfigurationError` (`ADDRESS_UNUSABLE`).

    A port that is `shared` may be listened at by other processes of the same user, if all say so.
    """
    listening = _bound(address, shared=shared)
    listening.listen(BACKLOG)
    return listening


def check_free(address: HostPort) -> None:
    """Return where nobody listens, not even at a port that would be shared; raise as `listen`."""
    _bound(address, shared=False).close()


@contextlib.contextmanager
def reserved(address: HostPort) -> Iterator[HostPort]:
    """Keep the port, or a free one, for those who share it, for the length of a `with`; raise as `listen`."""
    with _bound(address, shared=True) as place:
        yield HostPort(host=address.host, port=int(place.getsockname()[1]))


def _bound(address: HostPort, *, shared: bool) -> socket.socket:
    """Return a socket at `address`.

    Its protocol is named, because asyncio turns delays off (`TCP_NODELAY`) only where it is: each
    answer would wait 40 ms for an acknowledgement else.
    """
    try:
        family = _first(address)[0]
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise _unusable(address, error) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address.host, address.port))
    except OSError as error:
        listening.close()
        raise _unusable(address, error) from error
    return listening


def make_room(connections: int) -> int:
    """Let the process have a file for each connection; return for how many there is room."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _FILES_BESIDE_CONNECTIONS
    allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    have, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if have != resource.RLIM_INFINITY and have < allowed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        except (OSError, ValueError):  # a sandbox keeps it as it is
            allowed = have
    return max(1, min(connections, allowed - _FILES_BESIDE_CONNECTIONS))


def _resolved(address: HostPort) -> list[str]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _unusable(address, error) from error
    return [str(each[4][0]) for each in found]


def _first(address: HostPort) -> tuple[socket.AddressFamily, str]:
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    return found[0], str(found[4][0])


def _no_password() -> str:
    """Refuse to ask at the terminal for the password of an encrypted key."""
    raise ValueError


def _unusable(address: HostPort, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        "ADDRESS_UNUSABLE",
        f"nothing can listen on {address.host[:60]!a}, port {address.port}: {error.strerror}",
        hint="give an address of this machine as --host, and a --port that is free, or 0 for any",
    )
