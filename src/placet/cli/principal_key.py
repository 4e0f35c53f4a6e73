"""`placet principal key`: the SSH keys with which a principal speaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.command import FILE, WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document
from placet.cli.principal import principal_as_changed

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "key",
    cls=Group,
    children={
        "add": Child(__name__, "add", "Ask that a principal may speak with one more key."),
        "remove": Child(__name__, "remove", "Ask that a key speaks for nobody any more."),
    },
)
def key() -> None:
    """Keys of a principal. Each is enrolled once, for one principal, ever."""


@click.command("add", cls=Command, example="placet principal key add person:mallory second.pub")
@click.argument("principal_id", metavar="PRINCIPAL", type=WORD)
@click.argument("file", type=FILE)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def add(principal_id: str, file: Path, requester: str) -> None:
    """Ask that a principal may speak with one more key.

    FILE is its public half.
    """

    async def verb(placet: AnyPlacet) -> Document:
        public = await placet.signer.public_key(file)
        return await placet.governance.change_keys(principal_id, add=(public.line,), requester=requester)

    show(inside(verb), principal_as_changed)


@click.command("remove", cls=Command, example='placet principal key remove person:mallory "$KEY"')
@click.argument("principal_id", metavar="PRINCIPAL", type=WORD)
@click.argument("key_id", metavar="FINGERPRINT", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def remove(principal_id: str, key_id: str, requester: str) -> None:
    """Ask that a key speaks for nobody any more.

    FINGERPRINT is SHA256:..., as `placet principal list` shows it. What the key approved counts no longer, and it never
    comes back.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.change_keys(principal_id, remove=(key_id,), requester=requester)

    show(inside(verb), principal_as_changed)
