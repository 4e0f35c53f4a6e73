"""`placet certificate crl` and `revocations`: what is revoked, for X.509 clients and for `placet verify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.command import FILE, Command
from placet.cli.files import replace_file
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, moment, table

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.command("crl", cls=Command, example="placet certificate crl --out intermediate.crl")
@click.option(
    "--issuer",
    type=click.Choice(["intermediate", "root"]),
    default="intermediate",
    show_default=True,
    help="Whose list.",
)
@click.option("--out", type=FILE, help="Write the list to this file, or into this folder under its own name.")
@click.option("--pem", is_flag=True, help="As PEM, to standard output where --out is not given [default: DER].")
def crl(issuer: str, out: Path | None, pem: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Give out the X.509 revocation list.

    It is renewed a day after it was made, and at each revocation; its number never falls. FILE is
    replaced where it holds a revocation list, and nothing else ever is. Certificates say that it
    is served as /crl/KEY-IDENTIFIER.crl: in a folder, that is its name.
    """

    async def verb(placet: AnyPlacet) -> tuple[Document, bytes]:
        return await placet.certificates.crl(issuer)

    made, der = inside(verb)
    written = ""
    if out is not None:
        path = out / made["file_name"] if out.is_dir() else out
        replace_file(path, made["pem"].encode() if pem else der, may_replace=_is_crl)
        written = str(path)
    show({**made, "out": written}, _pem if pem and out is None else _lines)


def _is_crl(content: bytes) -> bool:
    from placet.facade.certificates import Certificates  # noqa: PLC0415 - help needs none of it

    return Certificates.is_crl(content)


def _pem(made: Document) -> Iterator[str]:
    yield from made["pem"].splitlines()


def _lines(made: Document) -> Iterator[str]:
    count = len(made["revoked"])
    yield f"Revocation list {made['number']} of {made['issuer']} names {count} certificate{'' if count == 1 else 's'}."
    yield ""
    yield from fields(
        [
            ("made", moment(made["this_update"])),
            ("good until", moment(made["next_update"])),
            ("served as", made["url"]),
            ("sha256", made["sha256"]),
            ("written to", made["out"]),
        ]
    )
    if made["revoked"]:
        yield ""
        yield from table(
            [
                ("CERTIFICATE", "REVOKED", "COUNTS UNTIL", "REASON"),
                *(
                    (
                        each["certificate_id"],
                        moment(each["revoked_at"]),
                        moment(each["invalid_since"]),
                        each["reason"],
                    )
                    for each in made["revoked"]
                ),
            ]
        )


@click.command("revocations", cls=Command, example="placet certificate revocations --out revocations.json")
@click.option("--out", type=FILE, help="Write the signed list to this file; an older list there is replaced.")
def revocations(out: Path | None) -> None:
    """Give out the log's own signed list of revocations.

    It is for `placet verify --revocations FILE`, anywhere: it is as of the log's newest checkpoint,
    and known to an instant of the last day.
    """

    async def verb(placet: AnyPlacet) -> tuple[Document, bytes]:
        return await placet.verification.fresh_revocations()

    made, signed = inside(verb)
    if out is not None:
        replace_file(out, signed, may_replace=_is_list)
    show({**made, "signed": signed.decode("ascii"), "out": str(out or "")}, _listed if out else _signed)


def _is_list(content: bytes) -> bool:
    from placet.facade.verification import is_signed_list  # noqa: PLC0415 - help needs none of it

    return is_signed_list(content)


def _signed(made: Document) -> Iterator[str]:
    yield made["signed"]


def _listed(made: Document) -> Iterator[str]:
    yield f"{len(made['revoked'])} revoked, known to {moment(made['known_to'])}, as of checkpoint {made['size']}."
