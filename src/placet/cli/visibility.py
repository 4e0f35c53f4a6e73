"""`placet package visibility`: who may see a package over the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Command
from placet.cli.installation import inside, show
from placet.cli.output import Document, table

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.command("visibility", cls=Command, example="placet package visibility @acme/tool private")
@click.argument("package", metavar="[NAME]", type=WORD, default="")
@click.argument("wanted", metavar="[public|private]", type=click.Choice(["public", "private"]), required=False)
@click.option("--every-other", type=click.Choice(["public", "private"]), help="Change it for all without one.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def visibility(package: str, wanted: str | None, every_other: str | None, requester: str) -> None:
    """Show or change who may see a package.

    A private package is for everybody without a scope about it as if it were not there: its
    certificates, events and registrations. Without NAME, what is said of all packages. The policy
    in force decides who must approve a change.
    """
    if every_other and package:
        raise click.UsageError("--every-other is about the packages that are not named")

    async def verb(placet: AnyPlacet) -> Document:
        if every_other or wanted:
            return await placet.visibility.change(package, str(every_other or wanted), requester=requester)
        return await (placet.visibility.show(package) if package else placet.visibility.list())

    show(inside(verb), _said)


def _said(found: Document) -> Iterator[str]:
    if "every_other" in found:
        rows = [(each["package"], each["visibility"]) for each in found["packages"]]
        yield from table([*rows, ("every other package", found["every_other"])], indent=0)
    else:
        name = "every other package" if found["package"] == "*" else found["package"]
        yield f"{name} is {found['visibility']}."
