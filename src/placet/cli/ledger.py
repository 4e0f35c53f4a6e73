"""`placet ledger`: the record of everything, and the proofs about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.command import FILE, WORD, Child, Command, Group, Number
from placet.cli.files import read_file
from placet.cli.installation import here, inside, show, wants_json
from placet.cli.output import Document, fields, moment, say_bytes, table, tell
from placet.errors import VerificationError

if TYPE_CHECKING:
    from placet.facade import AnyPlacet, Placet

_READERS = 2
_NOTE_LIMIT_BYTES = 64 * 1024
_HINT = "do not trust what this home says; compare it with a backup and with bundles that others hold"
_HINTS = {"anchor": "look for the anchor folder (PLACET_ANCHOR): either it is another one, or entries were cut off"}


@click.group(
    "ledger",
    cls=Group,
    children={
        "verify": Child(__name__, "verify", "Recompute everything, and name the first contradiction."),
        "show": Child(__name__, "show_", "Show how the ledger stands, and its entries."),
        "prove": Child(__name__, "prove", "Prove that an entry is in the log, or that the log only grew."),
        "anchor": Child(__name__, "anchor", "Take the present head as anchor where the anchor was lost."),
    },
)
def ledger() -> None:
    """The ledger: one entry for everything that happened, chained, signed and anchored."""


@click.command("verify", cls=Command, example="placet ledger verify")
@click.option("--chain-only", is_flag=True, help="Check bytes, chain, tree and anchors; parse no entry.")
@click.option("--checkpoint", "kept", multiple=True, type=FILE, help="Also hold it against this kept checkpoint.")
def verify(*, chain_only: bool, kept: tuple[Path, ...]) -> None:
    """Recompute everything, and name the first contradiction.

    Sequence, chain, tree, checkpoints, entries, state, indexes, once keys, detached and erasable
    bytes, and the anchor. Works while the ledger is sealed and while others write. With --server
    the service does it, and is believed.
    """
    notes = tuple(_note(path) for path in kept)

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.ledger.verify(full=not chain_only, notes=notes, readers=_READERS)

    report = inside(verb)
    show(report, _verified)
    if not report["verified"]:
        finding = report["finding"]
        raise VerificationError(
            "LEDGER_CONTRADICTED",
            f"{finding['message']} (layer {finding['layer']}, entry {finding['seq']})",
            hint=_HINTS.get(finding["layer"], _HINT),
        )


@click.command("show", cls=Command, example="placet ledger show --count 5")
@click.option("--from", "start", type=Number(0), metavar="SEQ", help="Begin here [default: the newest].")
@click.option("--count", type=Number(1, 1000), default=20, show_default=True, help="So many entries.")
@click.option("--checkpoint", "only_note", is_flag=True, help="Print the signed checkpoint, to be kept elsewhere.")
def show_(start: int | None, count: int, *, only_note: bool) -> None:
    """Show how the ledger stands, and its entries.

    A checkpoint that is kept elsewhere proves later what was in the log now: see `placet ledger
    verify --checkpoint` and `placet ledger prove --grown-from`.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await (placet.ledger.checkpoint() if only_note else placet.ledger.show(start=start, count=count))

    found = inside(verb)
    if only_note and not wants_json():
        say_bytes(found["checkpoint"].encode())
    else:
        show(found, _shown)


@click.command("prove", cls=Command, example="placet ledger prove 3")
@click.argument("seq", type=Number(0), required=False)
@click.option("--size", type=Number(1), help="Under the checkpoint of this size [default: the newest].")
@click.option("--grown-from", type=FILE, metavar="FILE", help="Prove that the log only grew since this checkpoint.")
def prove(seq: int | None, size: int | None, grown_from: Path | None) -> None:
    """Prove that an entry is in the log, or that the log only grew.

    SEQ is the number of the entry. The proofs are RFC 6962's; the checkpoint is a signed note that
    tools for transparency logs read.
    """
    if (seq is None) == (grown_from is None):
        raise click.UsageError("give the number of an entry, or --grown-from FILE")
    note = _note(grown_from) if grown_from else ""

    async def verb(placet: AnyPlacet) -> Document:
        if seq is None:
            return await placet.ledger.prove_growth(note)
        return await placet.ledger.prove(seq, size=size)

    show(inside(verb), _proven if seq is not None else _grown)


@click.command("anchor", cls=Command, example='placet ledger anchor --adopt "$ORIGIN"')
@click.option("--adopt", "origin", type=WORD, required=True, metavar="ORIGIN", help="The log, by its name.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who vouches for it.")
def anchor(origin: str, requester: str) -> None:
    """Take the present head as anchor where the anchor was lost.

    The anchor notices when the home was rolled back. What was cut off before this can no longer be
    noticed here; the ledger records who decided that.
    """

    async def verb(placet: Placet) -> Document:
        return await placet.ledger.adopt_anchor(origin, requester=requester)

    show(here(verb), _adopted)


def _note(path: Path) -> str:
    return read_file(path, limit=_NOTE_LIMIT_BYTES).decode("utf-8", "replace")


def _verified(report: Document) -> Iterator[str]:
    yield f"The ledger {'holds' if report['verified'] else 'DOES NOT HOLD'}: {report['size']} entries."
    yield ""
    checked = "everything" if report["full"] else "bytes, chain, tree and anchors"
    finding = report["finding"]
    yield from fields(
        [
            ("log", report["origin"]),
            ("checked", checked),
            ("layer", finding.get("layer", "")),
            ("entry", str(finding["seq"]) if finding else ""),
            ("finding", finding.get("message", "")),
        ]
    )


def _shown(page: Document) -> Iterator[str]:
    yield from fields(
        [
            ("log", page["origin"]),
            ("entries", str(page["size"])),
            ("root", page["root"]),
            ("newest", moment(page["time"])),
            ("key", page["checkpoint_key"]),
            ("SEALED", page["seal"].get("message", "")),
        ],
        indent=0,
    )
    if not page["entries"]:
        return
    yield ""
    yield from table(
        [
            ("SEQ", "TIME", "TYPE", "ACTOR", "SUBJECT"),
            *(
                (str(each["seq"]), moment(each["time"]), each["type"], each["actor"], each["subject"])
                for each in page["entries"]
            ),
        ],
        indent=0,
    )


def _proven(proof: Document) -> Iterator[str]:
    yield f"Entry {proof['seq']} is in the log of {proof['size']} entries."
    yield ""
    yield f"  {proof['entry']}"
    yield ""
    yield from fields([("leaf", proof["leaf_hash"]), *(("path", each) for each in proof["path"])])
    yield ""
    yield from (f"  {line}" for line in proof["checkpoint"].splitlines())


def _grown(proof: Document) -> Iterator[str]:
    yield f"The log of {proof['new_size']} entries begins with the {proof['old_size']} that were stated."
    yield ""
    yield from fields(("path", each) for each in proof["path"])
    yield ""
    yield from (f"  {line}" for line in proof["checkpoint"].splitlines())


def _adopted(done: Document) -> Iterator[str]:
    yield f"The present head of {done['origin']} is the anchor now (entry {done['seq']} says so)."
    tell("what was cut off before it can no longer be noticed here")
