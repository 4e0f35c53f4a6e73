"""`placet run`: what was asked for, how far it came, and going on with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.command import FILE, WORD, Child, Command, Group, Number
from placet.cli.files import write_new_file
from placet.cli.installation import inside, show
from placet.cli.output import Document, answered, fields, moment, say_bytes, table, target, tell
from placet.cli.waiting import Patience, wait_options

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "run",
    cls=Group,
    children={
        "list": Child(__name__, "list_", "List the newest runs."),
        "show": Child(__name__, "show_", "Show a run: its four phases, and why each operation did or did not ship."),
        "audit": Child(__name__, "audit", "List what was attempted and denied in a run, as the ledger has it."),
        "resume": Child(__name__, "resume", "Go on with a run that was planned."),
        "evidence": Child(__name__, "evidence", "Give out the evidence bundle of a published run."),
    },
)
def run() -> None:
    """Runs: one for everything that anybody asked for."""


@click.command("list", cls=Command, example="placet run list --limit 5")
@click.option("--limit", type=Number(1, 1000), default=20, show_default=True, help="At most so many.")
@click.option("--after", type=WORD, default="", metavar="RUN", help="Go on behind this run, the last of a page.")
def list_(limit: int, after: str) -> None:
    """List the newest runs."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.publishing.runs(limit=limit, after=after)

    show(inside(verb), _runs)


@click.command("show", cls=Command, example='placet run show "$RUN"')
@click.argument("run_id", metavar="RUN", type=WORD)
def show_(run_id: str) -> None:
    """Show a run: its four phases, and why each operation did or did not ship."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.publishing.run(run_id)

    show(inside(verb), _timeline)


@click.command("audit", cls=Command, example='placet run audit "$RUN" --json')
@click.argument("run_id", metavar="RUN", type=WORD)
def audit(run_id: str) -> None:
    """List what was attempted and denied in a run, as the ledger has it.

    One record for each attempt, each denial, and each operation that a dry run blocked.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.publishing.audit(run_id)

    show(inside(verb), _records)


@wait_options
@click.command("resume", cls=Command, example='placet run resume "$PLANNED_RUN"')
@click.argument("run_id", metavar="RUN", type=WORD)
def resume(run_id: str, seconds: int) -> None:
    """Go on with a run that was planned.

    Carries out what is left of it; what was done before is not done again.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.publishing.resume(run_id, wait=Patience(placet, seconds))

    show(inside(verb), _carried)


@click.command("evidence", cls=Command, example='placet run evidence "$RUN" --out bundle.json')
@click.argument("run_id", metavar="RUN", type=WORD)
@click.option("--out", type=FILE, help="The new file to write [default: standard output].")
def evidence(run_id: str, out: Path | None) -> None:
    """Give out the evidence bundle of a published run.

    One file with everything that `placet verify` needs besides a trust root, as of now.
    """

    async def verb(placet: AnyPlacet) -> bytes:
        return await placet.verification.evidence(run_id)

    bundle = inside(verb)
    if out is None:
        say_bytes(bundle)
    else:
        write_new_file(out, bundle)
        tell(f"evidence   {out} ({len(bundle)} bytes)")


def _runs(found: Document) -> Iterator[str]:
    rows = [
        (each["run_id"], each["state"], each["mode"], moment(each["requested_at"]), each["subject"])
        for each in found["runs"]
    ]
    if rows:
        yield from table([("RUN", "STATE", "MODE", "ASKED FOR", "SUBJECT"), *rows], indent=0)
    else:
        tell("nothing was asked for yet")


def _carried(done: Document) -> Iterator[str]:
    yield f"{done['run_id']} is {done['state']}: {done['subject']}"
    yield ""
    yield from table(
        (each["operation_kind"], target(each), each["state"], each["receipt_id"]) for each in done["operations"]
    )


def _timeline(shown: Document) -> Iterator[str]:
    yield f"{shown['subject']}: {shown['state'].replace('_', ' ')}"
    yield ""
    yield from fields(
        [
            ("run", shown["run_id"]),
            ("mode", shown["mode"]),
            ("asked by", f"{shown['requester']}, {moment(shown['requested_at'])}"),
            ("certificate", shown["certificate_id"]),
        ]
    )
    yield ""
    yield from table(_phase(each) for each in shown["phases"])
    yield from _approvals(shown["approvals"])
    yield from _operations(shown["operations"])
    yield from _denials(shown["denials"])
    yield from _next(shown)


def _phase(each: Document) -> tuple[str, str, str, str]:
    took = f"{each['duration_ms']} ms" if each["completed_at"] else ""
    return each["phase"], each["status"].replace("_", " "), moment(each["started_at"]), took


def _next(shown: Document) -> Iterator[str]:
    """Yield what can be done about a run that is open."""
    if shown["state"] != "planned" or shown["mode"] != "prod":
        return
    unsettled = any(each["state"] in ("reserved", "indeterminate") for each in shown["operations"])
    missing = any(each["why"].startswith("APPROVALS_MISSING") for each in shown["operations"])
    yield ""
    yield "Next"
    if unsettled:
        yield "  placet reconcile"
    elif missing:
        yield f"  placet approve {shown['run_id']} --as person:NAME --key FILE"
    else:
        yield f"  placet run resume {shown['run_id']}"


def _approvals(said: list[Document]) -> Iterator[str]:
    if said:
        yield ""
        yield "Approvals"
        yield from table(
            (
                each["decision"],
                each["approver"],
                each["group"],
                "signed" if each["signed"] else "in a session",
                moment(each["recorded_at"]),
            )
            for each in said
        )


def _records(trail: Document) -> Iterator[str]:
    yield f"{trail['subject']}: {trail['state'].replace('_', ' ')} ({trail['mode']})"
    if not trail["records"]:
        yield ""
        yield "Nothing was attempted, and nothing denied."
    for each in trail["records"]:
        yield ""
        yield f"{moment(each['timestamp'])}  {each['status'].replace('_', ' ')}"
        yield from fields(
            [
                ("operation", f"{each['operation_kind']} {each['operation']}".strip()),
                ("receipt", each["receipt_id"]),
                ("error", each["error_code"]),
                ("", each["error_message"]),
                ("sent again", str(each["retry_count"]) if each["retry_count"] else ""),
                *((f"answered {name}", answered(value)) for name, value in sorted(each["response"].items())),
            ]
        )


def _operations(operations: list[Document]) -> Iterator[str]:
    if operations:
        yield ""
        yield "Operations"
    before = ""
    for number, each in enumerate(operations, 1):
        yield f"  {number}  {each['operation_kind']}  {target(each)}"
        yield f"     {each['why']}"
        yield from fields(((name, answered(value)) for name, value in sorted(each["response"].items())), indent=7)
        explanation = each["why_not"].get("explanation", "")
        if explanation != before:  # what blocks several operations is explained once
            yield from _explained(each["why_not"])
        before = explanation


def _explained(why_not: Document) -> Iterator[str]:
    if why_not:
        yield f"     {why_not['explanation']}"
        yield from (f"     - {step}" for step in why_not["next_steps"])


def _denials(denials: list[Document]) -> Iterator[str]:
    if denials:
        yield ""
        yield "Denied"
    for each in denials:
        yield f"  {moment(each['denied_at'])}  {each['code']}{'  ALERT' if each['alert'] else ''}"
        yield f"     {each['sentence']}"
