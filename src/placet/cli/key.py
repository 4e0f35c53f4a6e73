"""`placet key`: API keys, by which programs ask over the network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from placet.cli.command import AGE, WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, table, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "key",
    cls=Group,
    children={
        "create": Child(__name__, "create", "Make a key; it is shown once."),
        "list": Child(__name__, "list_", "List the keys: whose, for what, until when, last used."),
        "rotate": Child(__name__, "rotate", "Make a key that follows another, which ends."),
        "revoke": Child(__name__, "revoke", "Revoke a key at once."),
    },
)
def key() -> None:
    """API keys: they let programs ask over the network, and never decide who may say yes."""


@click.command(
    "create",
    cls=Command,
    example="placet key create --name ci --principal person:local --scope 'registry:write=@acme/*'",
)
@click.option("--name", type=WORD, required=True, help="What people call it.")
@click.option(
    "--principal", "principal_id", type=WORD, required=True, metavar="PRINCIPAL", help="In whose name it asks."
)
@click.option(
    "--scope", "scopes", type=WORD, multiple=True, required=True, metavar="VERB=PATTERN",
    help="What it may ask for, of which packages. Everything is '*=*', typed out.",
)  # fmt: skip
@click.option("--expires", "lifetime", type=AGE, default="90d", metavar="AGE", help="When it ends [default: 90d].")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def create(name: str, principal_id: str, scopes: tuple[str, ...], lifetime: timedelta, requester: str) -> None:
    """Make a key; it is shown once.

    The principal is enrolled, and only the digest of its key is kept.

    VERB is certificates:issue, certificates:revoke, chronicle:write, registry:write, runs:write, runs:read, or * for
    each of them. PATTERN is as in a policy: @acme/*, or * for every package. Where approvals are missing, the key works
    once the run that it waits for was approved and resumed.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.keys.create(name, principal_id, scopes, lifetime=lifetime, requester=requester)

    show(inside(verb), _made)


@click.command("list", cls=Command, example="placet key list")
def list_() -> None:
    """List the keys: whose, for what, until when, last used.

    When they were used is told to the hour.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.keys.list()

    show(inside(verb), _keys)


@click.command("rotate", cls=Command, example="placet key rotate key_0123456789ab")
@click.argument("key_id", metavar="ID", type=WORD)
@click.option("--expires", "lifetime", type=AGE, default="90d", metavar="AGE", help="When it ends [default: 90d].")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def rotate(key_id: str, lifetime: timedelta, requester: str) -> None:
    """Make a key that follows another, which ends.

    It has the name, the principal and the scopes of that one.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.keys.rotate(key_id, lifetime=lifetime, requester=requester)

    show(inside(verb), _made)


@click.command("revoke", cls=Command, example="placet key revoke key_0123456789ab")
@click.argument("key_id", metavar="ID", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def revoke(key_id: str, requester: str) -> None:
    """Revoke a key at once.

    Nobody asks with it any more, and what was asked with it goes no further.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.keys.revoke(key_id, requester=requester)

    show(inside(verb), _revoked)


def _made(done: Document) -> Iterator[str]:
    if done["status"] == "waiting":
        yield f"The key {done['name']} of {done['principal_id']} waits for approvals."
        tell(f"approve it: placet approve {done['run_id']}, then: placet run resume {done['run_id']}")
    else:
        yield f"The key {done['name']} of {done['principal_id']} is made."
    yield ""
    yield from fields([("key", done["key"]), ("key id", done["key_id"]), ("run", done["run_id"])])
    tell("keep the key now: it is shown this once, and nowhere else")


def _revoked(done: Document) -> Iterator[str]:
    yield f"The key {done['name']} of {done['principal_id']} is {done['status']}."


def _keys(found: Document) -> Iterator[str]:
    rows = [
        (
            each["key_id"],
            each["name"],
            each["principal_id"],
            each["status"],
            each["expires_at"],
            each["last_used_at"] or "never",
            " ".join(each["scopes"]),
        )
        for each in found["keys"]
    ]
    if rows:
        yield from table([("KEY ID", "NAME", "PRINCIPAL", "STATUS", "EXPIRES", "LAST USED", "SCOPES"), *rows], indent=0)
    else:
        tell("there is no key yet")
