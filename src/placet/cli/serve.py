"""`placet serve`: the service over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from placet.cli.command import FILE, WORD, Command, Number
from placet.cli.installation import check_is_here, settings

DEFAULT_PORT = 8480


@click.command("serve", cls=Command, example="placet serve --host 127.0.0.1 --port 8480")
@click.option("--host", type=WORD, default="127.0.0.1", help="Where to listen [default: 127.0.0.1].")
@click.option("--port", type=Number(0, 65535), default=DEFAULT_PORT, help=f"[default: {DEFAULT_PORT}]")
@click.option("--workers", type=Number(1, 64), metavar="N", help="Processes that answer, one core each [default: 1].")
@click.option("--tls-cert", type=FILE, metavar="FILE", help="Certificate chain (PEM) to speak TLS with.")
@click.option("--tls-key", type=FILE, metavar="FILE", help="Its private key, which nobody else may read.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front speaks TLS: listen beyond this machine without.")
@click.option(
    "--trusted-proxy", type=WORD, multiple=True, metavar="CIDR", help="Whose X-Forwarded-For to believe (repeatable)."
)
@click.option("--metrics-address", type=WORD, metavar="HOST:PORT", help="Serve /metrics there and nowhere else.")
def serve(host: str, port: int, *, behind_proxy: bool, **chosen: Any) -> None:  # noqa: ANN401 - click's own
    """Serve this installation over HTTP.

    Certificates, events, registry, and the governance API.

    It ends at SIGINT or SIGTERM, once what is under way is finished; a second signal ends it at once.
    /openapi.json tells what it takes.
    """
    check_is_here()
    from placet.web import server  # noqa: PLC0415 - help needs none of it

    config = settings()
    config = replace(config, service=replace(config.service, **_given(**chosen)))
    address = server.Address(host=host, port=port)
    if config.service.workers > 1:
        server.serve_with_workers(config, address, behind_proxy=behind_proxy)
    else:
        asyncio.run(server.serve(config, address, behind_proxy=behind_proxy))


def _given(
    workers: int | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    trusted_proxy: tuple[str, ...],
    metrics_address: str | None,
) -> dict[str, Any]:
    """Return the settings that the command line gives, which go before those of the environment."""
    from placet.config.service import parse_address, parse_network  # noqa: PLC0415 - help needs none of it

    given = {
        "workers": workers,
        "tls_certificate": tls_cert and tls_cert.absolute(),
        "tls_key": tls_key and tls_key.absolute(),
        "trusted_proxies": tuple(parse_network(each) for each in trusted_proxy),
        "metrics_address": parse_address(metrics_address) if metrics_address else None,
    }
    return {name: value for name, value in given.items() if value}
