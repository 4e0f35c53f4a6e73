"""Settings of `placet serve`: whom it believes, how much it takes, what it shows and to whom."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from placet.errors import ConfigurationError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LOG_LEVELS = ("debug", "info", "warning", "error")
_PORTS = 65_535
_MOST = 1_000_000
MOST_WORKERS = 64
_DAY_SECONDS = 86_400
_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})", re.ASCII)


class HostPort(Struct, frozen=True, kw_only=True):
    """Where to listen; port 0 is any that is free."""

    host: str
    port: int


class ServiceSettings(Struct, frozen=True, kw_only=True):
    """What whoever runs the service may set.

    | variable | meaning | default |
    |---|---|---|
    | `PLACET_WORKERS` | processes that answer, each on a core of its own | 1 |
    | `PLACET_TRUSTED_PROXIES` | networks whose `X-Forwarded-For` is believed, with commas between them | none |
    | `PLACET_TLS_CERT`, `PLACET_TLS_KEY` | files with the certificate chain and its key | none: plain HTTP |
    | `PLACET_METRICS_ADDRESS` | where metrics are served: `HOST:PORT` | the service's own port, to this machine only |
    | `PLACET_RATE_PER_KEY` | requests a second for each API key; 0: no limit | 200 |
    | `PLACET_RATE_PER_ADDRESS` | requests a second for each address but loopback; 0: no limit | 100 |
    | `PLACET_MAX_CONNECTIONS` | connections at one time | 1000 |
    | `PLACET_MAX_CONCURRENT` | requests worked on at one time | 64 |
    | `PLACET_PATIENCE_SECONDS` | how long a client may take for a head, pause in a body, idle, or read nothing | 30 |
    | `PLACET_RECONCILE_SECONDS` | how often effects in doubt are looked up | 300 |
    | `PLACET_DRAIN_SECONDS` | how long it still serves after SIGTERM, and says that it is not ready | 0 |
    | `PLACET_LOG_LEVEL` | `debug`, `info`, `warning` or `error` | `info` |
    """

    workers: int = 1
    trusted_proxies: tuple[Network, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    metrics_address: HostPort | None = None
    rate_per_key: int = 200
    rate_per_address: int = 100
    max_connections: int = 1000
    max_concurrent: int = 64
    patience_seconds: int = 30
    reconcile_seconds: int = 300
    drain_seconds: int = 0
    log_level: str = "info"


def service_settings(environment: Mapping[str, str]) -> ServiceSettings:
    """Return the settings of the service; raise `ConfigurationError` (`SETTING_INVALID`)."""
    proxies = environment.get("PLACET_TRUSTED_PROXIES", "")
    metrics = environment.get("PLACET_METRICS_ADDRESS", "")
    level = environment.get("PLACET_LOG_LEVEL") or "info"
    if level not in LOG_LEVELS:
        raise ConfigurationError("SETTING_INVALID", f"PLACET_LOG_LEVEL is {level[:20]!a}, not {', '.join(LOG_LEVELS)}")
    return ServiceSettings(
        workers=_number(environment, "PLACET_WORKERS", 1, least=1, most=MOST_WORKERS),
        trusted_proxies=tuple(parse_network(each.strip()) for each in proxies.split(",") if each.strip()),
        tls_certificate=_path(environment, "PLACET_TLS_CERT"),
        tls_key=_path(environment, "PLACET_TLS_KEY"),
        metrics_address=parse_address(metrics) if metrics else None,
        rate_per_key=_number(environment, "PLACET_RATE_PER_KEY", 200),
        rate_per_address=_number(environment, "PLACET_RATE_PER_ADDRESS", 100),
        max_connections=_number(environment, "PLACET_MAX_CONNECTIONS", 1000, least=1),
        max_concurrent=_number(environment, "PLACET_MAX_CONCURRENT", 64, least=1),
        patience_seconds=_number(environment, "PLACET_PATIENCE_SECONDS", 30, least=1, most=600),
        reconcile_seconds=_number(environment, "PLACET_RECONCILE_SECONDS", 300, least=1, most=_DAY_SECONDS),
        drain_seconds=_number(environment, "PLACET_DRAIN_SECONDS", 0, most=_DAY_SECONDS),
        log_level=level,
    )


def parse_network(text: str) -> Network:
    """Return the network that `text` writes as an address or CIDR; raise `ConfigurationError` (`SETTING_INVALID`)."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ConfigurationError(
            "SETTING_INVALID",
            f"{text[:60]!a} is no network whose proxies could be trusted",
            hint="write an address or a network without host bits: 10.0.0.7, 10.1.0.0/16, ::1",
        ) from error


def parse_address(text: str) -> HostPort:
    """Return the host and port of `HOST:PORT`; raise `ConfigurationError` (`SETTING_INVALID`)."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > _PORTS:
        raise ConfigurationError(
            "SETTING_INVALID",
            f"{text[:60]!a} is no address to listen at",
            hint="write HOST:PORT: 127.0.0.1:9480, or [::1]:9480",
        )
    return HostPort(host=found["host"].strip("[]"), port=int(found["port"]))


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]).absolute() if environment.get(name) else None


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int = _MOST) -> int:
    text = environment.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST)) and least <= int(text) <= most):
        raise ConfigurationError(
            "SETTING_INVALID", f"{name} is {text[:20]!a}, not a whole number from {least} to {most}"
        )
    return int(text)
