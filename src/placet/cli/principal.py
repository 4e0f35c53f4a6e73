"""`placet principal`: who may ask and who may approve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from placet.cli.command import FILE, WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, table, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


class _Enrolment(TypedDict):
    on_behalf_of: str
    accounts: tuple[str, ...]
    verify_required: bool
    identity: str
    requester: str


@click.group(
    "principal",
    cls=Group,
    children={
        "add": Child(__name__, "add", "Enrol a principal, or add accounts to one."),
        "list": Child(__name__, "list_", "List the principals with their keys."),
        "disable": Child(__name__, "disable", "Ask that a principal may do nothing any more."),
        "enable": Child(__name__, "enable", "Ask that a disabled principal may act again."),
        "key": Child("placet.cli.principal_key", "key", "Keys of a principal: add, remove."),
        "identity": Child("placet.cli.principal_identity", "identity", "What a person signs in with: set, remove."),
    },
)
def principal() -> None:
    """Principals: persons, CI identities, agents and services. Only persons approve."""


@click.command("add", cls=Command, example="placet principal add person:alice --key alice.pub")
@click.argument("principal_id", metavar="PRINCIPAL", type=WORD)
@click.option("--key", "keys", multiple=True, type=FILE, metavar="FILE", help="A public SSH key to approve with.")
@click.option("--on-behalf-of", type=WORD, default="", metavar="PERSON", help="Who owns it; agents need one.")
@click.option("--account", "accounts", multiple=True, type=WORD, metavar="PROVIDER:ID", help="Its account there.")
@click.option("--verify-required", is_flag=True, help="The hardware keys must verify their user by PIN or finger.")
@click.option("--identity", type=WORD, default="", metavar="ISSUER#SUBJECT", help="What a person signs in with.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def add(principal_id: str, keys: tuple[Path, ...], **enrolment: Unpack[_Enrolment]) -> None:
    """Enrol a principal, or add accounts to one.

    PRINCIPAL is person:NAME, ci:NAME, agent:NAME or service:NAME. Before the first policy, PLACET_BOOTSTRAP_KEY or
    PLACET_BOOTSTRAP_KEY_FILE gives the key that `placet init` printed; with it, keys of one who is enrolled are added.
    Accounts, say github:12345, tell whose pushes and merges the person may not approve. The issuer of an identity is
    trusted before: `placet issuer add`.
    """

    async def verb(placet: AnyPlacet) -> Document:
        public = [await placet.signer.public_key(key) for key in keys]
        done = await placet.governance.add_principal(
            principal_id,
            public_keys=tuple(each.line for each in public),
            **enrolment,
        )
        return {**done, "key_ids": [each.key_id for each in public]}

    show(inside(verb), _added)


@click.command("disable", cls=Command, example="placet principal disable person:mallory")
@click.argument("principal_id", metavar="PRINCIPAL", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def disable(principal_id: str, requester: str) -> None:
    """Ask that a principal may do nothing any more.

    What it approved counts no longer, and what it asked for goes no further.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.change_role(principal_id, disabled=True, requester=requester)

    show(inside(verb), principal_as_changed)


@click.command("enable", cls=Command, example="placet principal enable person:zoe")
@click.argument("principal_id", metavar="PRINCIPAL", type=WORD)
@click.option("--on-behalf-of", type=WORD, default=None, metavar="PERSON", help="Who owns it from now on.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def enable(principal_id: str, on_behalf_of: str | None, requester: str) -> None:
    """Ask that a disabled principal may act again.

    With --on-behalf-of, also that somebody else owns it.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.change_role(
            principal_id, disabled=False, on_behalf_of=on_behalf_of, requester=requester
        )

    show(inside(verb), principal_as_changed)


@click.command("list", cls=Command, example="placet principal list")
def list_() -> None:
    """List the principals with their keys."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.principals()

    show(inside(verb), _principals)


def _added(done: Document) -> Iterator[str]:
    yield f"{done['principal_id']} is enrolled."
    yield ""
    yield from fields([*(("key", each) for each in done["key_ids"]), ("receipt", done["receipt_id"])])


def principal_as_changed(done: Document) -> Iterator[str]:
    """Yield how a principal stands after a change, and the receipt of it."""
    yield f"{done['principal_id']} is {done['state']}."
    yield ""
    yield from fields(
        [
            ("owned by", done["on_behalf_of"]),
            *(("key", each) for each in done["key_ids"]),
            ("receipt", done["receipt_id"]),
        ]
    )


def _principals(found: Document) -> Iterator[str]:
    rows = [
        (
            f"{each['principal_id']}{' (disabled)' if each['disabled_at'] else ''}",
            each["on_behalf_of"],
            key,
            each["identity"],
        )
        for each in found["principals"]
        for key in ([f"{key['key_id']}{' (revoked)' if key['revoked_at'] else ''}" for key in each["keys"]] or ["-"])
    ]
    if rows:
        yield from table([("PRINCIPAL", "ON BEHALF OF", "KEY", "SIGNS IN WITH"), *rows], indent=0)
    else:
        tell("nobody is enrolled yet")
