"""`placet freeze`: stop publishing, quickly; let it go on, with approvals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, moment, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "freeze",
    cls=Group,
    children={
        "set": Child(__name__, "set_", "Freeze everything, or some subjects."),
        "lift": Child(__name__, "lift", "Ask to lift a freeze."),
        "list": Child(__name__, "list_", "List the open freezes."),
    },
)
def freeze() -> None:
    """Freezes: while one is open, nothing that it covers is published."""


@click.command("set", cls=Command, example="placet freeze set 'npm:@acme/old-*' --reason 'a key may have leaked'")
@click.argument("subjects", metavar="[PROVIDER:NAME]...", nargs=-1, type=WORD)
@click.option("--reason", type=WORD, required=True, metavar="TEXT", help="Why, in one line.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who freezes.")
def set_(subjects: tuple[str, ...], reason: str, requester: str) -> None:
    """Freeze everything, or some subjects.

    Patterns are those of a policy, as npm:@acme/*. It holds at once and needs no approval: every approver may freeze,
    and whom the policy names as freezers. Plans can still be made and approved.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.freezes.set(subjects, reason=reason, requester=requester)

    show(inside(verb), _set)


@click.command("lift", cls=Command, example='placet freeze lift "$FREEZE"')
@click.argument("freeze_id", metavar="ID", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def lift(freeze_id: str, requester: str) -> None:
    """Ask to lift a freeze.

    The policy in force decides who must approve that.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.freezes.lift(freeze_id, requester=requester)

    show(inside(verb), _lifted)


@click.command("list", cls=Command, example="placet freeze list")
def list_() -> None:
    """List the open freezes.

    Those that will begin unless a publication under break-glass is reviewed stand among them.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.freezes.list()

    show(inside(verb), _listed)


def _set(done: Document) -> Iterator[str]:
    yield "Frozen."
    yield ""
    yield from _one(done)
    yield ""
    yield f"To lift it: placet freeze lift {done['freeze_id']}"


def _lifted(done: Document) -> Iterator[str]:
    yield f"Freeze {done['freeze_id']} is lifted."
    yield ""
    yield from fields([("receipt", done["receipt_id"])])


def _listed(found: Document) -> Iterator[str]:
    if not found["freezes"]:
        tell("nothing is frozen")
    for number, each in enumerate(found["freezes"]):
        if number:
            yield ""
        yield from _one(each)


def _one(freeze: Document) -> Iterator[str]:
    yield from fields(
        [
            ("freeze", freeze["freeze_id"]),
            *(("over", subject) for subject in freeze["subjects"]),
            ("because", freeze["reason"]),
            ("set", f"{moment(freeze['set_at'])} by {freeze['set_by']}"),
            ("begins", "" if freeze["holds"] else f"{moment(freeze['begins_at'])}, unless it is reviewed"),
            ("run", freeze["run_id"]),
        ]
    )
