"""`placet reconcile`: what became of effects that are in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import Command
from placet.cli.installation import inside, show
from placet.cli.output import Document, table, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.command("reconcile", cls=Command, example="placet reconcile")
def reconcile() -> None:
    """Look up every effect that is in doubt; send nothing.

    Each receipt whose outcome is not known is looked up at its provider, by identity and digest.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.publishing.reconcile()

    show(inside(verb), _lines)


def _lines(found: Document) -> Iterator[str]:
    if not found["receipts"]:
        tell("no effect is in doubt")
        return
    yield from table(
        [
            ("RECEIPT", "SUBJECT", "WAS", "IS"),
            *((each["receipt_id"], each["subject"], each["was"], each["state"]) for each in found["receipts"]),
        ],
        indent=0,
    )
    for each in found["receipts"]:
        if each["problem"]:
            yield f"  {each['receipt_id']}: {each['problem']}"
        if each["needs_person"]:
            yield f"  {each['receipt_id']}: a person should look at this one"
