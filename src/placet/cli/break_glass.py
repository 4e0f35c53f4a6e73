"""`placet break-glass`: waive approvals or a freeze by name, for an hour, and review it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.approve import confirm
from placet.cli.command import FILE, WORD, Child, Command, Group
from placet.cli.files import read_file
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, moment, show_for_signing

if TYPE_CHECKING:
    from placet.facade import AnyPlacet

_LIMIT_BYTES = 64 * 1024
_KEY_HELP = "Your SSH key: its file, or the .pub of one in an agent."
_YES_HELP = "Do not ask: you have read the plan, with `placet plan show`."


@click.group(
    "break-glass",
    cls=Group,
    children={
        "approve": Child(__name__, "approve", "Waive approvals or a freeze for one plan, with your SSH key."),
        "show": Child(__name__, "show_", "Show what was waived for a run, and why."),
        "review": Child(__name__, "review", "Say that you looked at what was published so, with your SSH key."),
    },
)
def break_glass() -> None:
    """Break-glass: two persons waive what they name, for an hour and three receipts.

    Signature, single use, digests, mode and ledger are never waived, and every verification shows what was.
    """


@click.command(
    "approve",
    cls=Command,
    example='placet break-glass approve "$RUN" --waive freeze --justification why.txt --as person:bob --key bob --yes',
)
@click.argument("run_id", metavar="RUN", type=WORD)
@click.option("--waive", "waives", multiple=True, required=True, type=WORD, help="approvals, freeze or windows.")
@click.option("--justification", type=FILE, required=True, help="Why: a text, the same for both persons.")
@click.option("--as", "approver", type=WORD, required=True, metavar="person:NAME", help="Who says so.")
@click.option("--key", type=FILE, required=True, help=_KEY_HELP)
@click.option("--yes", is_flag=True, help=_YES_HELP)
def approve(run_id: str, waives: tuple[str, ...], justification: Path, approver: str, key: Path, *, yes: bool) -> None:
    """Waive approvals or a freeze for one plan, with your SSH key.

    Two persons of the group that the policy names must sign the same exception. It holds for an hour. Unless a third
    approver reviews within 72 hours what was published so, its package freezes.
    """
    text = read_file(justification, limit=_LIMIT_BYTES)

    async def verb(placet: AnyPlacet) -> Document:
        ballot = await placet.publishing.ballot(run_id, approver)
        show_for_signing(ballot.text)
        show_for_signing("BREAK-GLASS: this waives " + ", ".join(sorted(set(waives))))
        if not yes:
            confirm("Break the glass for this plan?")
        return await placet.break_glass.approve(ballot, waives, text, approver=approver, key=key, signer=placet.signer)

    show(inside(verb), _approved)


@click.command("show", cls=Command, example='placet break-glass show "$RUN"')
@click.argument("run_id", metavar="RUN", type=WORD)
def show_(run_id: str) -> None:
    """Show what was waived for a run, and why."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.break_glass.show(run_id)

    show(inside(verb), _shown)


@click.command("review", cls=Command, example='placet break-glass review "$RUN" --as person:carol --key carol --yes')
@click.argument("run_id", metavar="RUN", type=WORD)
@click.option("--as", "approver", type=WORD, required=True, metavar="person:NAME", help="Who says so.")
@click.option("--key", type=FILE, required=True, help=_KEY_HELP)
@click.option("--yes", is_flag=True, help="Do not ask: you have looked at it, with `placet break-glass show`.")
def review(run_id: str, approver: str, key: Path, *, yes: bool) -> None:
    """Say that you looked at what was published so, with your SSH key.

    Any approver may who neither asked for it nor broke the glass.
    """

    async def verb(placet: AnyPlacet) -> Document:
        why = await placet.break_glass.show(run_id)
        ballot = await placet.publishing.ballot(run_id, approver)
        show_for_signing(ballot.text)
        show_for_signing("\n".join(_shown(why)))
        if not yes:
            confirm("Have you reviewed this?")
        return await placet.break_glass.review(ballot, approver=approver, key=key, signer=placet.signer)

    show(inside(verb), _reviewed)


def _approved(said: Document) -> Iterator[str]:
    yield "The glass is broken." if said["broken"] else "Signed: the glass breaks when a second person signs the same."
    yield ""
    yield from fields(
        [
            ("run", said["run_id"]),
            ("by", said["approver"]),
            ("waives", ", ".join(said["waives"])),
            ("because", said["justification"]),
            ("until", moment(said["expires_at"])),
            ("fingerprint", said["fingerprint"]),
        ]
    )
    if said["broken"]:
        yield ""
        yield "It goes on with"
        yield f"  placet run resume {said['run_id']}"


def _reviewed(said: Document) -> Iterator[str]:
    yield "Reviewed."
    yield ""
    yield from fields([("run", said["run_id"]), ("by", said["approver"]), ("fingerprint", said["fingerprint"])])


def _shown(found: Document) -> Iterator[str]:
    yield f"Break-glass for {found['subject']}: {'broken' if found['broken'] else 'not broken now'}."
    for each in found["exceptions"]:
        yield ""
        yield from fields(
            [
                ("signed by", each["approver"]),
                ("waives", ", ".join(each["waives"])),
                ("until", moment(each["expires_at"])),
                ("because", each["justification"]),
                *(("", line) for line in each["text"].splitlines()),
            ]
        )
    if found["review_until"]:
        yield ""
        yield f"To be reviewed by {moment(found['review_until'])}: placet break-glass review {found['run_id']}"
