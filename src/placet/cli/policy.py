"""`placet policy`: the document that decides who may ask for what, and who must say yes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.command import FILE, WORD, Child, Command, Group
from placet.cli.files import read_file
from placet.cli.installation import inside, show, wants_json
from placet.cli.output import Document, fields, moment, say_bytes

if TYPE_CHECKING:
    from placet.facade import AnyPlacet

_LIMIT_BYTES = 1024 * 1024


@click.group(
    "policy",
    cls=Group,
    children={
        "check": Child(__name__, "check", "Check a policy document, without putting it in force."),
        "show": Child(__name__, "show_", "Show the policy in force."),
        "activate": Child(__name__, "activate", "Put a policy in force."),
        "example": Child(__name__, "example", "Print a policy to start from."),
    },
)
def policy() -> None:
    """Policy: a TOML document. All rules that match apply, the strictest wins, none denies."""


@click.command("check", cls=Command, example="placet policy check policy.toml")
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check a policy document, without putting it in force.

    Needs no installation.
    """
    from placet.facade.governance import Governance  # noqa: PLC0415 - help needs none of it

    show(Governance.check_policy(read_file(file, limit=_LIMIT_BYTES)), _summary)


@click.command("show", cls=Command, example="placet policy show")
@click.option("--document", is_flag=True, help="Print the document itself, byte for byte.")
def show_(*, document: bool) -> None:
    """Show the policy in force."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.policy()

    found = inside(verb)
    if document and not wants_json():
        say_bytes(found["document"].encode())
    else:
        show(found, _summary)


@click.command("activate", cls=Command, example="placet policy activate policy.toml")
@click.argument("file", type=FILE)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def activate(file: Path, requester: str) -> None:
    """Put a policy in force.

    The policy in force decides who must approve that. The first one is activated with the bootstrap key, which dies
    with it.
    """
    document = read_file(file, limit=_LIMIT_BYTES)

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.activate_policy(document, requester=requester)

    from placet.facade.governance import Governance  # noqa: PLC0415 - help needs none of it

    show({**inside(verb), "version": Governance.check_policy(document)["version"]}, _activated)


@click.command("example", cls=Command, example="placet policy example > example.toml")
def example() -> None:
    """Print a policy to start from."""
    from placet.facade.governance import Governance  # noqa: PLC0415 - help needs none of it

    document = Governance.example_policy()
    if wants_json():
        show({"document": document.decode()}, lambda _: ())
    else:
        say_bytes(document)


def _summary(found: Document) -> Iterator[str]:
    yield f"Policy {found['version']}: {found['rules']} rules."
    yield ""
    yield from fields(
        [
            ("digest", found["policy_digest"]),
            ("in force since", moment(found.get("activated_at", ""))),
            ("in CI jobs", "allowed to run in prod" if found["embedded_in_ci"] else ""),
            ("freezers", ", ".join(found["freezers"])),
            ("break-glass", f"two of {found['break_glass']}" if found["break_glass"] else ""),
            *((f"group {name}", ", ".join(members)) for name, members in found["groups"].items()),
        ]
    )


def _activated(done: Document) -> Iterator[str]:
    yield f"Policy {done['version']} is in force."
    yield ""
    yield from fields([("digest", done["policy_digest"]), ("receipt", done["receipt_id"])])
