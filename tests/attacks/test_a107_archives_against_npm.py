"""A107 against the real readers: what we refuse they do disagree on, and what we accept npm extracts alike."""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from placet.domain.encoding.archive import read_archive
from placet.errors import InvalidInputError
from support.archives import (
    BLOCK,
    END,
    GNU,
    OLD,
    folder,
    header,
    member,
    octal,
    octal_of_npm,
    package_json,
    packed,
    pax,
    pax_record,
    plain_package,
    tgz,
    unpacked,
    with_checksum,
)
from support.npm_extract import Extraction, as_installed, extract_with_npm

pytestmark = pytest.mark.node

PACKAGE = package_json()
EVIL = member("package/evil.js", b"evil")

READ_DIFFERENTLY = {
    "lone_zero_block": tgz(PACKAGE, bytes(BLOCK), EVIL),
    "bad_checksum": tgz(PACKAGE, header("package/x", checksum=b"000000\0 "), EVIL),
    "checksum_without_end": tgz(PACKAGE, header("package/x", checksum=b"%08o" % 5000), EVIL),
    "second_gzip_member": packed(PACKAGE) + packed(EVIL + END),
    "link_name_on_a_file": tgz(PACKAGE, member("package/evil.js", b"evil", link=b"x")),
    "drive_letter": tgz(PACKAGE, member("package/c:/evil.js", b"evil")),
    "ignore_file": tgz(PACKAGE, member("package/.gitignore", b"x")),
    "path_in_a_pax_comment": tgz(
        PACKAGE, pax(("comment", "c\n" + pax_record("path", "package/y").decode())) + member("package/x", b"x")
    ),
    "name_goes_on_behind_a_newline": tgz(PACKAGE, member(b"package/x\0\nevil", b"x")),
    "second_top_folder": tgz(PACKAGE, member("other/x", b"x")),
    "two_files_of_one_name": tgz(PACKAGE, member("package/x", b"1"), member("package/./x", b"2")),
    "owner_in_unknown_binary": tgz(PACKAGE, member("package/x", uid=b"\x81" + bytes(7)), EVIL),
}


@pytest.fixture(scope="module")
def extractions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Extraction]:
    return extracted(READ_DIFFERENTLY, tmp_path_factory.mktemp("npm"))


def extracted(archives: dict[str, bytes], place: Path) -> dict[str, Extraction]:
    """Return what npm makes of each archive."""
    paths = [place / f"{index}.tgz" for index in range(len(archives))]
    for path, archive in zip(paths, archives.values(), strict=True):
        path.write_bytes(archive)
    return dict(zip(archives, extract_with_npm(paths, place), strict=True))


def read_by_python(archive: bytes) -> frozenset[tuple[str, str]] | None:
    """Return what Python's `tarfile` finds below the top folder, as (path, sha256); None where it fails."""
    found: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked(archive))) as tar:
            for each in tar:
                content = tar.extractfile(each) if each.isreg() else None
                if content is not None:
                    found[each.name.removeprefix("package/")] = sha256(content.read()).hexdigest()
    except (tarfile.TarError, OSError, ValueError):
        return None
    return frozenset(found.items())


@pytest.mark.parametrize("case", READ_DIFFERENTLY)
def test_a107_real_readers_disagree_on_what_is_refused(case: str, extractions: dict[str, Extraction]) -> None:
    by_npm = None if extractions[case].error else frozenset((path, each) for path, _, each in extractions[case].files)
    assert by_npm != read_by_python(READ_DIFFERENTLY[case])


@pytest.mark.parametrize("case", READ_DIFFERENTLY)
def test_a107_what_real_readers_disagree_on_is_refused(case: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        read_archive(READ_DIFFERENTLY[case])
    assert refusal.value.code in {"ARTIFACT_UNSAFE", "ARTIFACT_AMBIGUOUS"}


def test_a107_real_readers_agree_on_a_plain_archive(tmp_path: Path) -> None:
    by_npm = extracted({"plain": plain_package()}, tmp_path)["plain"]
    assert frozenset((path, each) for path, _, each in by_npm.files) == read_by_python(plain_package())


PLAIN = ["a", "B", "c", "lib", "dist", "é", "中", "x y", "ab:c", ".npmignore", "con", "~", "...", "node_modules"]
SEGMENTS = [*PLAIN * 6, "b", "LIB", "e\u0301", "a:b", ".gitignore", "..", ".", "", "\\"]
KINDS = [b"0"] * 40 + [b"\0", b"5", b"7", b"1", b"2", b"x", b"g", b"L", b"Z"]
VALUES = [b"", b"\0", b" ", octal(0, 8), octal_of_npm(1, 8), octal(0o644, 8), octal(0o4755, 8), b"12345678", b"\x80\1"]
MAGICS: list[dict[str, bytes]] = [{}] * 8 + [{"magic": GNU}, {"magic": OLD, "major": b"", "minor": b""}]
KEYS = ["path", "path", "path", "mtime", "comment", "uid", "SCHILY.dev", "size", "type", "mode"]


def mutants(seed: int) -> Iterator[bytes]:
    """Yield archives without end: members by chance, then fields and bits changed by chance."""
    chance = random.Random(seed)  # noqa: S311 - the same archives every time
    while True:
        parts = [_by_chance(chance) for _ in range(chance.randint(0, 4))]
        parts.insert(chance.randint(0, len(parts)), package_json())
        stream = bytearray(b"".join(parts) + bytes(BLOCK * chance.choice([1, 2, 2, 2, 2, 2, 3, 20])))
        for _ in range(chance.choice([0, 0, 1, 2])):
            _change(stream, chance)
        yield packed(bytes(stream)) + chance.choice([*[b""] * 20, b"\0", packed(EVIL + END)])


def _by_chance(chance: random.Random) -> bytes:
    path = "/".join(["package", *(chance.choice(SEGMENTS) for _ in range(chance.randint(1, 3)))])
    content = chance.randbytes(chance.choice([0, 0, 1, 511, 512, 513]))
    fields: dict[str, bytes] = {
        field: chance.choice(VALUES)
        for field in ("mode", "uid", "gid", "mtime", "major", "minor")
        if chance.random() < 0.05
    }
    fields |= chance.choice(MAGICS)
    before = b""
    if chance.random() < 0.3:
        before = pax((chance.choice(KEYS), chance.choice([path, str(len(content)), "1", "c"])))
    if chance.random() < 0.2:
        return before + folder(path + chance.choice(["", "/"]), **fields)
    return before + member(path, content, kind=chance.choice(KINDS), **fields)


def _change(stream: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(stream) // BLOCK) * BLOCK
    at = start + chance.choice([chance.randrange(100), chance.randrange(BLOCK), chance.randrange(100, 160)])
    stream[at] = chance.choice([0, 32, 47, 46, 48, 55, 92, 10, 128, 255, chance.randrange(256)])
    if chance.random() < 0.8:
        stream[start : start + BLOCK] = with_checksum(bytes(stream[start : start + BLOCK]))


def compared_with_npm(seed: int, tried: int, place: Path) -> tuple[int, list[str]]:
    """Return how many of `tried` archives we accept, and those that npm extracts otherwise."""
    accepted: dict[str, bytes] = {}
    for index, archive in zip(range(tried), mutants(seed), strict=False):
        try:
            read_archive(archive)
        except InvalidInputError:
            continue
        accepted[f"seed {seed}, number {index}"] = archive
    return len(accepted), [
        name
        for name, extraction in extracted(accepted, place).items()
        if extraction != Extraction(files=as_installed(read_archive(accepted[name])), error="")
    ]


def test_a107_what_is_accepted_of_many_mutants_npm_extracts_alike(tmp_path: Path) -> None:
    accepted, different = compared_with_npm(seed=1, tried=1000, place=tmp_path)
    assert (different, accepted > 120) == ([], True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_a107_what_is_accepted_of_very_many_mutants_npm_extracts_alike(seed: int, tmp_path: Path) -> None:
    accepted, different = compared_with_npm(seed=seed, tried=5000, place=tmp_path)
    assert (different, accepted > 700) == ([], True)
