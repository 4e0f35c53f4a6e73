"""`placet approve` and `placet deny`: what one person says about one plan."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from placet.cli.command import FILE, WORD, Command
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, show_for_signing
from placet.errors import InvalidInputError

if TYPE_CHECKING:
    from placet.facade import AnyPlacet

_DONE = {"approve": "Approved", "deny": "Denied", "withdraw": "The denial is taken back"}
_CONFIRMATIONS = {"approve": "Approve this plan?", "deny": "Deny this plan?", "withdraw": "Take the denial back?"}


class _Answer(TypedDict):
    """What somebody gave on the command line to speak with."""

    approver: str
    key: Path
    group: str
    phrase: str
    yes: bool


def _spoken(command: click.Command) -> click.Command:
    """Add what all commands have by which a person says something about a plan."""
    for option in (
        click.Argument(["run_id"], metavar="RUN", type=WORD),
        click.Option(["--as", "approver"], type=WORD, required=True, metavar="person:NAME", help="Who says so."),
        click.Option(
            ["--key"], type=FILE, required=True, help="Your SSH key: its file, or the .pub of one in an agent."
        ),
        click.Option(["--group"], type=WORD, default="", help="Speak for this group [default: all that you are in]."),
        click.Option(["--yes"], is_flag=True, help="Do not ask: you have read the plan, with `placet plan show`."),
        click.Option(
            ["--phrase"],
            type=WORD,
            default="",
            metavar="WORDS",
            help="Do not ask: compare these words with the plan's.",
        ),
    ):
        command.params.insert(len(command.params) - 2, option)
    return command


@_spoken
@click.command("approve", cls=Command, example='placet approve "$RUN" --as person:bob --key ~/.ssh/bob --yes')
def approve(run_id: str, **answer: Unpack[_Answer]) -> None:
    """Approve the plan of a run, with your SSH key.

    Shows the plan, asks, and signs exactly what was shown. The approval is for these bytes, this
    target and this plan, and for nothing else. The phrase is the plan's digest in words: who asked
    sees the same twelve, so compare them by voice. With --phrase they are compared for you.
    """
    _say("approve", run_id, answer)


@_spoken
@click.command("deny", cls=Command, example='placet deny "$RUN" --as person:bob --key ~/.ssh/bob --yes')
@click.option("--withdraw", is_flag=True, help="Take back what you denied.")
def deny(run_id: str, *, withdraw: bool, **answer: Unpack[_Answer]) -> None:
    """Deny what a run wants, or take a denial back.

    A denial holds for the same bytes and target in every later plan too, until it is withdrawn.
    """
    _say("withdraw" if withdraw else "deny", run_id, answer)


def _say(decision: str, run_id: str, answer: _Answer) -> None:
    async def verb(placet: AnyPlacet) -> Document:
        ballot = await placet.publishing.ballot(run_id, answer["approver"])
        show_for_signing(f"{ballot.text}phrase: {placet.publishing.phrase(ballot)}\n")
        if answer["phrase"]:
            placet.publishing.confirm(ballot, answer["phrase"])
        elif not answer["yes"]:
            confirm(_CONFIRMATIONS[decision])
        return await placet.publishing.say(
            ballot,
            decision,
            approver=answer["approver"],
            key=answer["key"],
            signer=placet.signer,
            group=answer["group"],
        )

    show(inside(verb), _said)


def confirm(question: str) -> None:
    """Ask the person at the terminal; raise `InvalidInputError` (`CONFIRMATION_MISSING`) where nobody is there."""
    if not sys.stdin.isatty():
        raise InvalidInputError(
            "CONFIRMATION_MISSING",
            "nobody is there to confirm that the plan was read",
            hint="read it with `placet plan show`, then give --yes, or --phrase with the words of who asked",
        )
    click.confirm(question, abort=True, err=True)


def _said(said: Document) -> Iterator[str]:
    yield f"{_DONE[said['decision']]}."
    yield ""
    yield from fields(
        [
            ("run", said["run_id"]),
            ("by", said["approver"]),
            ("for", ", ".join(said["groups"])),
            ("fingerprint", said["fingerprint"]),
            ("phrase", said["phrase"]),
        ]
    )
    if said["decision"] != "approve":
        return
    yield ""
    if said["already"]:
        yield "You have approved already: nobody counts twice for a group."
    if said["missing"]:
        yield from (f"Still missing: {each}." for each in said["missing"])
    else:
        yield "Nothing is missing: a waiting `placet publish` goes on now, and everything else with"
        yield f"  placet run resume {said['run_id']}"
