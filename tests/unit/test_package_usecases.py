from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from placet.domain.encoding.archive import read_archive
from placet.errors import InvalidInputError
from placet.usecases.inspect_package import inspect_package
from placet.usecases.stamp_package import stamp_package, unstamp_package
from support.archives import manifest, member, package_json, plain_package, tgz, unpacked
from support.metadata import metadata


class Shelf:
    """A packer that has its tarballs already."""

    def __init__(self, **tarballs: bytes) -> None:
        self._tarballs = tarballs

    async def pack(self, path: Path) -> bytes:
        return self._tarballs[path.name]


PLACE = Path("x")
BLOCK_TEXT = json.dumps(metadata().to_object(), indent=2).encode()


def stamped() -> bytes:
    return asyncio.run(stamp_package(Shelf(x=plain_package()), PLACE, BLOCK_TEXT)).tgz


def test_an_inspection_shows_what_the_archive_says_and_would_do() -> None:
    archive = tgz(
        package_json(manifest("@acme/tool", scripts={"install": "x"}, bin="./x.js", bundleDependencies=["a"])),
        member("package/x.js", b"x", mode=0o755),
        member("package/npm-shrinkwrap.json"),
    )
    shown = asyncio.run(inspect_package(Shelf(x=archive), PLACE)).to_object()
    assert {name: shown[name] for name in ("package", "version", "archive_profile", "top_folder", "size")} == {
        "package": "@acme/tool",
        "version": "1.0.0",
        "archive_profile": 1,
        "top_folder": "package",
        "size": len(archive),
    }
    assert shown["install_scripts"] == [{"event": "install", "command": "x"}]
    assert shown["bins"] == [{"command": "tool", "path": "./x.js"}]
    assert (shown["has_shrinkwrap"], shown["bundled_dependencies"]) == (True, ["a"])
    assert shown["files"] == [
        {"path": each.path, "mode": mode, "size": each.size, "sha256": each.sha256}
        for each, mode in zip(read_archive(archive).files, ["0644", "0755", "0644"], strict=True)
    ]
    assert (shown["stamped"], shown["block"]) == (False, {})
    assert shown["tarball_hash"] == shown["tar_sha256"]


def test_the_inspection_of_a_stamped_archive_shows_the_block_and_the_hash_before() -> None:
    before = asyncio.run(inspect_package(Shelf(x=plain_package()), PLACE)).to_object()
    after = asyncio.run(inspect_package(Shelf(x=stamped()), PLACE)).to_object()
    assert (after["stamped"], after["block"]) == (True, metadata().to_object())
    assert after["tarball_hash"] == before["tar_sha256"] != after["tar_sha256"]


def test_a_block_that_stamping_did_not_write_is_not_shown() -> None:
    archive = tgz(package_json(manifest(chittyos={"certified": True})))
    with pytest.raises(InvalidInputError, match="STAMP_NOT_CANONICAL"):
        asyncio.run(inspect_package(Shelf(x=archive), PLACE))


def test_an_inspection_is_plain_json() -> None:
    shown = asyncio.run(inspect_package(Shelf(x=stamped()), PLACE)).to_object()
    assert json.loads(json.dumps(shown)) == shown


def test_stamping_and_unstamping_by_command_undo_each_other() -> None:
    change = asyncio.run(unstamp_package(Shelf(x=stamped()), PLACE))
    assert unpacked(change.tgz) == unpacked(plain_package())
    assert (change.block, change.stamped, change.to_object()["stamped"]) == (metadata(), False, False)


def test_a_stamping_shows_the_digests_of_the_new_archive() -> None:
    change = asyncio.run(stamp_package(Shelf(x=plain_package()), PLACE, BLOCK_TEXT))
    inspected = asyncio.run(inspect_package(Shelf(x=change.tgz), PLACE)).to_object()
    shown = change.to_object()
    assert all(inspected[name] == shown[name] for name in shown)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"service_id":1,"service_id":2}', b"\xff", b'{"x":null}'])
def test_a_block_text_that_is_no_block_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInputError, match="METADATA_INVALID"):
        asyncio.run(stamp_package(Shelf(x=plain_package()), PLACE, text))
