"""`placet serve`: the service over HTTP."""

from __future__ import annotations

import asyncio

import click

from placet.cli.command import WORD, Command, Number
from placet.cli.installation import settings
from placet.cli.output import tell

DEFAULT_PORT = 8480


@click.command("serve", cls=Command, example="placet serve --host 127.0.0.1 --port 8480")
@click.option("--host", type=WORD, default="127.0.0.1", help="Where to listen [default: 127.0.0.1].")
@click.option("--port", type=Number(0, 65535), default=DEFAULT_PORT, help=f"[default: {DEFAULT_PORT}]")
def serve(host: str, port: int) -> None:
    """Serve this installation over HTTP.

    Certificates, events, registry, and the governance API.

    It ends at SIGINT or SIGTERM, once everything that was acknowledged is finished. /openapi.json tells what it takes.
    """
    from placet.web import server  # noqa: PLC0415 - help needs none of it

    def told(address: server.Address) -> None:
        tell(f"serving on http://{address.host}:{address.port}; stop it with Ctrl-C")

    asyncio.run(server.serve(settings(), server.Address(host=host, port=port), told))
