"""`placet receipt`: the authorization of one operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, moment, short, table

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "receipt",
    cls=Group,
    children={
        "show": Child(__name__, "show_", "Show a receipt: what it allows, and what happened to it."),
        "revoke": Child(__name__, "revoke", "Take back a receipt that was not used."),
    },
)
def receipt() -> None:
    """Receipts: each authorises one operation of one plan, once."""


@click.command("show", cls=Command, example='placet receipt show "$RECEIPT"')
@click.argument("receipt_id", metavar="ID", type=WORD)
def show_(receipt_id: str) -> None:
    """Show a receipt: what it allows, and what happened to it."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.receipts.show(receipt_id)

    show(inside(verb), _shown)


@click.command("revoke", cls=Command, example='placet receipt revoke "$UNUSED_RECEIPT"')
@click.argument("receipt_id", metavar="ID", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def revoke(receipt_id: str, requester: str) -> None:
    """Take back a receipt that was not used.

    Nothing can be done with it any more. Its operation may get another one: to stop it for good,
    deny the run.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.receipts.revoke(receipt_id, requester=requester)

    show(inside(verb), _shown)


def _shown(shown: Document) -> Iterator[str]:
    payload = shown["payload"]
    subject = payload["subject"]
    about = f"{subject['provider']}:{subject['name']}{'@' if subject['version'] else ''}{subject['version']}"
    yield f"Receipt {shown['receipt_id']} is {shown['state']}{', and expired' if shown['expired'] else ''}."
    yield ""
    yield from fields(
        [
            ("for", f"{payload['operation_kind']} of {about}"),
            ("operation", f"{shown['operation_id']}, attempt {shown['attempt']}"),
            ("approved by", ", ".join(payload["approvers"]) or "nobody: the policy demands no approval"),
            ("policy", f"{payload['policy_version']}  {payload['policy_digest']}"),
            ("plan", payload["plan_digest"]),
            ("valid", f"{moment(payload['not_before'])} to {moment(payload['expires_at'])}"),
            ("deadline", moment(shown["deadline"])),
            ("failed with", shown["error_code"]),
            *(("answered", short(f"{name} {value}")) for name, value in sorted(shown["response"].items())),
        ]
    )
    yield ""
    yield from table(
        (moment(each["recorded_at"]), each["type"], each["actor"], f"entry {each['seq']}") for each in shown["life"]
    )
