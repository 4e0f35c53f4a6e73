"""`placet storage`: whether an object store keeps what Placet rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, table
from placet.errors import EffectError

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "storage",
    cls=Group,
    children={"check": Child(__name__, "check", "Try an object store out, before anything is put there.")},
)
def storage() -> None:
    """Object stores: check what they keep."""


@click.command("check", cls=Command, example="placet storage check r2")
@click.argument("provider_id", metavar="ID", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def check(provider_id: str, requester: str) -> None:
    """Try an object store out, before anything is put there.

    A store that overwrites in spite of If-None-Match, takes wrong checksums or signatures, or does
    not give back what was put, is refused. The objects of the check are named .placet-check/... and
    are removed where the store allows it. The result stands until the provider's record is replaced.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.storage.check(provider_id, requester=requester)

    found = inside(verb)
    show(found, _lines)
    if not found["passed"]:
        failed = next((each for each in found["promises"] if not each["kept"]), {"promise": "anything", "seen": ""})
        raise EffectError(
            "STORE_REFUSED",
            f"{provider_id} does not keep what Placet rests on: {failed['promise']}: {failed['seen']}",
            hint="nothing will be put there; correct the store or the record, then check again",
        )


def _lines(found: Document) -> Iterator[str]:
    yield f"{found['provider_id']} {'can be used' if found['passed'] else 'CANNOT BE USED'}: {found['url']}"
    yield ""
    yield from table([(each["promise"], "yes" if each["kept"] else "NO", each["seen"]) for each in found["promises"]])
