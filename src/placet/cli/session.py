"""`placet session`: who is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, table, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "session",
    cls=Group,
    children={
        "list": Child(__name__, "list_", "List the sessions: whose, since when, until when."),
        "revoke": Child(__name__, "revoke", "Revoke a session at once."),
    },
)
def session() -> None:
    """Sessions of people who signed in. They begin at /auth/login of `placet serve`."""


@click.command("list", cls=Command, example="placet session list")
def list_() -> None:
    """List the sessions: whose, since when, until when.

    When they were used is told to the hour.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.sessions.list()

    show(inside(verb), _sessions)


@click.command("revoke", cls=Command, example="placet session revoke session_0123456789ab")
@click.argument("session_id", metavar="ID", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def revoke(session_id: str, requester: str) -> None:
    """Revoke a session at once.

    Unlike after signing out, what was asked in it goes no further, and what was approved in it counts no longer.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.sessions.revoke(session_id, requester=requester)

    show(inside(verb), _revoked)


def _revoked(done: Document) -> Iterator[str]:
    yield f"The session {done['session_id']} of {done['principal_id']} is {done['status']}."


def _sessions(found: Document) -> Iterator[str]:
    rows = [
        (
            each["session_id"],
            each["principal_id"],
            each["status"],
            each["created_at"],
            each["expires_at"],
            each["last_used_at"] or "never",
            each["issuer"],
        )
        for each in found["sessions"]
    ]
    if rows:
        heads = ("SESSION ID", "PRINCIPAL", "STATUS", "BEGAN", "ENDS", "LAST USED", "ISSUER")
        yield from table([heads, *rows], indent=0)
    else:
        tell("nobody has signed in yet")
