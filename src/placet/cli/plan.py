"""`placet plan`: plans that people write down, and what approvers are shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.command import FILE, WORD, Child, Command, Group, Number
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, table, target, tell
from placet.cli.progress import told
from placet.cli.rehearsal import rehearsal_lines
from placet.cli.waiting import DEFAULT_SECONDS, Patience

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "plan",
    cls=Group,
    children={
        "create": Child(__name__, "create", "Plan operations of any kind, written down in a file."),
        "show": Child(__name__, "show_", "Show the newest plan of a run."),
    },
)
def plan() -> None:
    """Plans: what a run wants done, in order."""


@click.command("create", cls=Command, example="placet plan create release.toml --dry-run")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--dry-run", is_flag=True, help="Take the same road, do nothing of it.")
@click.option("--offline", is_flag=True, help="Ask no provider anything: what they hold stays unobserved.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
@click.option(
    "--wait",
    "seconds",
    type=Number(0, 7 * DEFAULT_SECONDS),
    metavar="SECONDS",
    default=None,
    help="Wait at most so long for approvals, then carry it out.",
)
@click.option("--no-wait", "seconds", flag_value=-1, type=int, help="Plan only [default].")
def create(path: Path, *, dry_run: bool, offline: bool, requester: str, seconds: int | None) -> None:
    """Plan operations of any kind, written down in a file.

    FILE is TOML: a [package] to certify and publish, if any, and each [[operation]] in order. All of
    it is approved and carried out as one plan: `placet run resume` does it once it is approved.
    """
    waits = seconds is not None and seconds >= 0

    async def verb(placet: AnyPlacet) -> Document:
        if dry_run:
            return await placet.planning.rehearse(path, requester=requester, progress=told)
        if waits:
            patience = Patience(placet, seconds or 0)
            return await placet.planning.perform(path, requester=requester, progress=told, wait=patience)
        return await placet.planning.create(path, requester=requester, progress=told)

    done = inside(verb, offline=offline)
    show(done, rehearsal_lines if dry_run else _performed if waits else _created)


@click.command("show", cls=Command, example='placet plan show "$RUN"')
@click.argument("run_id", metavar="RUN", type=WORD)
def show_(run_id: str) -> None:
    """Show the newest plan of a run.

    Prints the text that approvers are shown and sign, byte for byte. Its phrase, which who asked and
    who approves compare by voice, goes to standard error.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.publishing.plan(run_id)

    show(inside(verb), _text)


def _text(shown: Document) -> Iterator[str]:
    yield from shown["text"].splitlines()
    tell(f"phrase: {shown['phrase']}")


def _created(made: Document) -> Iterator[str]:
    yield f"Planned: {made['subject']}."
    yield ""
    yield from fields(
        [
            ("run", made["run_id"]),
            ("certificate", made["certificate_id"]),
            ("plan", made["plan_digest"]),
            ("fingerprint", made["fingerprint"]),
            ("phrase", made["phrase"]),
        ]
    )
    yield ""
    for number, each in enumerate(made["operations"], 1):
        subject = each["subject"]
        about = f"{subject['provider']}:{subject['name']}{'@' if subject['version'] else ''}{subject['version']}"
        key, kind = str(each["params"].get("key", "")), each["operation_kind"]
        where = target({"subject": about, "key": key, "tag": subject["tag"], "operation_kind": kind})
        yield f"  {number}  {kind}  {where}"
    yield ""
    if made["state"] == "executed":
        yield "All of it was carried out before."
    elif made["missing"]:
        yield from (f"Missing: {each}." for each in made["missing"])
        yield f"  placet approve {made['run_id']} --as person:NAME --key FILE"
        yield f"  placet run resume {made['run_id']}"
    else:
        yield "Nothing is missing. It is carried out with"
        yield f"  placet run resume {made['run_id']}"


def _performed(done: Document) -> Iterator[str]:
    yield f"{done['run_id']} is {done['state']}: {done['subject']}"
    yield ""
    yield from table(
        (each["operation_kind"], target(each), each["state"], each["receipt_id"]) for each in done["operations"]
    )
