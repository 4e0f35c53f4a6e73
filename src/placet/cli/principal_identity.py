"""`placet principal identity`: what a person signs in with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document
from placet.cli.principal import principal_as_changed

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "identity",
    cls=Group,
    children={
        "set": Child(__name__, "set_", "Ask that a person signs in with this identity."),
        "remove": Child(__name__, "remove", "Ask that a person signs in with nothing any more."),
    },
)
def identity() -> None:
    """What a person signs in with: one identity at a time, which is nobody else's, ever."""


@click.command(
    "set", cls=Command, example="placet principal identity set person:mallory 'https://id.example.com#248289761001'"
)
@click.argument("principal_id", metavar="PERSON", type=WORD)
@click.argument("identity", metavar="ISSUER#SUBJECT", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def set_(principal_id: str, identity: str, requester: str) -> None:
    """Ask that a person signs in with this identity.

    SUBJECT is what the issuer's tokens have as `sub`. With another identity before, all sessions end, and what was
    approved in them counts no longer.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.change_identity(principal_id, identity, requester=requester)

    show(inside(verb), principal_as_changed)


@click.command("remove", cls=Command, example="placet principal identity remove person:yan")
@click.argument("principal_id", metavar="PERSON", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def remove(principal_id: str, requester: str) -> None:
    """Ask that a person signs in with nothing any more.

    All their sessions end, and what they approved in them counts no longer.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.change_identity(principal_id, "", requester=requester)

    show(inside(verb), principal_as_changed)
