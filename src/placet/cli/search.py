"""`placet search`: find what was published, certified, authorised and recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Command, Number
from placet.cli.installation import inside, show
from placet.cli.output import Document, moment, table, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet

_TYPES = ["package", "certificate", "event", "receipt", "run"]


@click.command("search", cls=Command, example="placet search tool --type package")
@click.argument("query", type=WORD)
@click.option("--type", "kind", type=click.Choice(_TYPES), default=None, help="Find these only [default: all].")
@click.option("--limit", type=Number(1, 1000), default=50, show_default=True, help="About so many a page.")
@click.option("--after", type=WORD, default="", metavar="TEXT", help="Go on where a page ended, as it said.")
def search(query: str, *, kind: str | None, limit: int, after: str) -> None:
    """Find packages, certificates, events, receipts and runs.

    QUERY is an id, the beginning of one, a digest, or part of a name: packages are found by
    any part, everything else from the beginning of any word.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.publishing.search(query, kind=kind or "", limit=limit, after=after)

    found = inside(verb)
    show(found, _hits)
    if not found["hits"]:
        tell("nothing was found")
    elif found["after"]:
        tell("", f"more: --after {found['after']}")


def _hits(found: Document) -> Iterator[str]:
    rows = [
        (each["type"], each["id"], each["state"], moment(each["at"]), f"entry {each['seq']}", each["about"])
        for each in found["hits"]
    ]
    if rows:
        yield from table(rows, indent=0)
