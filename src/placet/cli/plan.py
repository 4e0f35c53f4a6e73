"""`placet plan`: what approvers are shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, tell

if TYPE_CHECKING:
    from placet.facade import Placet


@click.group("plan", cls=Group, children={"show": Child(__name__, "show_", "Show the newest plan of a run.")})
def plan() -> None:
    """Plans: what a run wants done, in order."""


@click.command("show", cls=Command, example='placet plan show "$RUN"')
@click.argument("run_id", metavar="RUN", type=WORD)
def show_(run_id: str) -> None:
    """Show the newest plan of a run.

    Prints the text that approvers are shown and sign, byte for byte. Its phrase, which who asked and
    who approves compare by voice, goes to standard error.
    """

    async def verb(placet: Placet) -> Document:
        return await placet.publishing.plan(run_id)

    show(inside(verb), _text)


def _text(shown: Document) -> Iterator[str]:
    yield from shown["text"].splitlines()
    tell(f"phrase: {shown['phrase']}")
