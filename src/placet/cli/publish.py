"""`placet publish`: the main job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from placet.cli.command import FILE, WORD, Command
from placet.cli.files import check_new_file, write_new_file
from placet.cli.installation import inside, settings, show
from placet.cli.output import Document, fields, table, target
from placet.cli.progress import told
from placet.cli.rehearsal import rehearsal_lines
from placet.cli.waiting import Patience, wait_options

if TYPE_CHECKING:
    from placet.facade import AnyPlacet, PublishRequest


class _Options(TypedDict):
    to: tuple[str, ...]
    tag: str
    access: str
    requester: str
    evidence: Path | None
    seconds: int


@wait_options
@click.command("publish", cls=Command, example="placet publish ./my-package --to npm")
@click.argument("path", type=FILE)
@click.option("--dry-run", is_flag=True, help="Take the same road, do nothing of it.")
@click.option("--offline", is_flag=True, help="Ask no provider anything: what they hold stays unobserved.")
@click.option("--to", multiple=True, type=WORD, metavar="PROVIDER", help="Where to [default: all providers].")
@click.option("--tag", type=WORD, default="", help="The dist-tag [default: latest].")
@click.option("--access", type=click.Choice(["public", "restricted"]), help="As the registry knows it.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
@click.option("--evidence", type=FILE, help="Write the evidence bundle to this new file when it is done.")
def publish(path: Path, *, dry_run: bool, offline: bool, **options: Unpack[_Options]) -> None:
    """Publish a package under authorization.

    PATH is a tarball, or a folder, which npm packs with scripts off. Where the policy demands
    approvals, this waits until they are given from other terminals. Run again after an
    interruption, it finishes the same publication: nothing is published twice.
    """
    if options["evidence"]:
        check_new_file(options["evidence"])  # before anything is published, not when it is too late
    if path.is_dir():
        told("packing", f"{path} (scripts off)")

    async def verb(placet: AnyPlacet) -> Document:
        request = await _request(path, options)
        if dry_run:
            return await placet.publishing.rehearse(request, progress=told)
        patience = Patience(placet, options["seconds"])
        done = await placet.publishing.publish(request, progress=told, wait=patience)
        if options["evidence"]:
            write_new_file(options["evidence"], await placet.verification.evidence(str(done["run_id"])))
        return done

    show(inside(verb, offline=offline), rehearsal_lines if dry_run else _published)


async def _request(path: Path, options: _Options) -> PublishRequest:
    from placet.facade import Packages, PublishRequest  # noqa: PLC0415 - help needs none of it

    return PublishRequest(
        tgz=await Packages(settings()).pack(path),
        requester=options["requester"],
        to=options["to"],
        dist_tag=options["tag"],
        access=options["access"] or "",
    )


def _published(done: Document) -> Iterator[str]:
    yield f"Published {done['subject']}."
    yield ""
    yield from fields(
        [
            ("run", done["run_id"]),
            ("certificate", done["certificate_id"]),
            ("sha256", done["sha256"]),
            ("evidence", done["bundle"]),
        ]
    )
    yield ""
    yield from table(
        (each["operation_kind"], target(each), each["state"], each["receipt_id"]) for each in done["operations"]
    )
    yield ""
    yield "Check it, offline; whoever has the evidence and the trust root can, without this installation:"
    yield f"  placet verify {done['subject']}"
