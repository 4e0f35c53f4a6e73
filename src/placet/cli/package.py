"""`placet package`: package archives by themselves, and who may see a package."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from placet.cli.command import FILE, Child, Command, Group
from placet.cli.files import read_file, write_new_file
from placet.cli.installation import check_none_given, settings, show
from placet.cli.output import Document, fields, table

if TYPE_CHECKING:
    from placet.facade import Packages

_BLOCK_LIMIT_BYTES = 1024 * 1024


@click.group(
    "package",
    cls=Group,
    children={
        "inspect": Child(__name__, "inspect", "Show what a package is, holds and does when installed."),
        "stamp": Child(__name__, "stamp", "Put a metadata block into a package."),
        "unstamp": Child(__name__, "unstamp", "Take the metadata block out of a package."),
        "visibility": Child("placet.cli.visibility", "visibility", "Show or change who may see a package."),
    },
)
def package() -> None:
    """Packages by themselves: all but their visibility needs no installation, and records nothing."""


@click.command("inspect", cls=Command, example="placet package inspect ./my-package")
@click.argument("path", type=FILE)
def inspect(path: Path) -> None:
    """Show what a package is, holds and does when installed.

    PATH is a tarball, or a folder that is packed with scripts off. Nothing is extracted.
    """
    show(asyncio.run(_packages().inspect(path)), _inspected)


@click.command("stamp", cls=Command, example="placet package stamp tool-1.0.0.tgz --block block.json --out stamped.tgz")
@click.argument("path", type=FILE)
@click.option("--block", type=FILE, required=True, help="The metadata block, as JSON.")
@click.option("--out", type=FILE, required=True, help="The new tarball to write.")
def stamp(path: Path, block: Path, out: Path) -> None:
    """Put a metadata block into a package.

    Only its package.json changes, and taking the block out again restores the tar stream bit by bit.
    """
    text = read_file(block, limit=_BLOCK_LIMIT_BYTES)
    made, tgz = asyncio.run(_packages().stamp(path, text))
    write_new_file(out, tgz)
    show({**made, "out": str(out)}, _changed)


@click.command("unstamp", cls=Command, example="placet package unstamp stamped.tgz --out plain.tgz")
@click.argument("path", type=FILE)
@click.option("--out", type=FILE, required=True, help="The new tarball to write.")
def unstamp(path: Path, out: Path) -> None:
    """Take the metadata block out of a package.

    The tar stream is as it was before; its compression may differ.
    """
    made, tgz = asyncio.run(_packages().unstamp(path))
    write_new_file(out, tgz)
    show({**made, "out": str(out)}, _changed)


def _packages() -> Packages:
    check_none_given()
    from placet.facade import Packages  # noqa: PLC0415 - help needs none of it

    return Packages(settings())


def _inspected(found: Document) -> Iterator[str]:
    yield f"{found['package']}@{found['version']}"
    yield ""
    yield from fields(
        [
            ("size", f"{found['size']} bytes packed, {found['tar_size']} unpacked, {len(found['files'])} files"),
            ("sha256", found["sha256"]),
            ("integrity", found["integrity"]),
            ("tar sha256", found["tar_sha256"]),
            ("stamped", _stamp(found)),
            *(("runs", f"{each['event']}: {each['command']}") for each in found["install_scripts"]),
            *(("command", f"{each['command']} -> {each['path']}") for each in found["bins"]),
            ("brings along", ", ".join(found["bundled_dependencies"])),
            ("shrinkwrap", "yes" if found["has_shrinkwrap"] else ""),
        ]
    )
    yield ""
    yield from table((each["mode"], f"{each['size']:>9}", each["path"]) for each in found["files"])


def _stamp(found: Document) -> str:
    if not found["stamped"]:
        return "no"
    return f"{found['block']['certificate']['cert_id']}, bound to tar {found['tarball_hash']}"


def _changed(made: Document) -> Iterator[str]:
    how = "stamped" if made["stamped"] else "without its block"
    yield f"{made['package']}@{made['version']} is {how}: {made['out']}"
    yield ""
    yield from fields(
        [("sha256", made["sha256"]), ("integrity", made["integrity"]), ("tar sha256", made["tar_sha256"])]
    )
