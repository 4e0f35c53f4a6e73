"""Laws of archives and stamps, over generated archives, package.json texts and single changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from placet.domain.encoding.archive_scan import scan_archive
from placet.domain.encoding.gunzip import gzip_tar
from placet.domain.package.stamp import Unstamped, stamp, unstamp
from placet.errors import InvalidInputError
from support.archives import GNU, OLD, POSIX, folder, member, octal, octal_of_npm, packed, pax, unpacked
from support.metadata import metadata

pytestmark = pytest.mark.thorough

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = texts.filter(lambda text: text != "__proto__")  # refused at any depth, which other tests show
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
blanks = st.text(" \t\r\n", max_size=3)


@st.composite
def package_texts(draw: st.DrawFn) -> bytes:
    """Return a package.json in any spelling."""
    members = draw(st.dictionaries(keys, values, max_size=5))
    text = json.dumps(
        members,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.none() | st.integers(0, 4)),
        separators=draw(st.sampled_from([None, (",", ":"), (" , ", " : ")])),
    )
    inside = draw(blanks)
    return (draw(blanks) + text[:-1] + inside + "}" + draw(blanks)).encode()


segments = st.text("abcdefgh-_é中", min_size=1, max_size=8)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """Return an archive that anybody may have packed: writers differ in fields, not in meaning."""
    top = draw(segments)
    write = draw(st.sampled_from([octal, octal_of_npm]))
    magic = draw(st.sampled_from([POSIX, GNU, OLD]))
    paths = draw(st.lists(segments, max_size=4, unique_by=str.casefold))
    contents = st.binary(max_size=1100)
    fields = {"magic": magic, "mode": draw(st.sampled_from([0o644, 0o755, 0o100644, b""]))}
    parts = [_file(f"{top}/{path}.js", draw(contents), draw(st.booleans()), write, fields) for path in paths]
    parts.append(_file(f"{top}/package.json", draw(package_texts()), draw(st.booleans()), write, fields))
    parts += draw(st.sampled_from([[], [folder(f"{top}/")], [pax(("comment", "c"), kind=b"g")]]))
    end = bytes(512 * draw(st.integers(2, 20)))
    return packed(b"".join([*draw(st.permutations(parts)), end]), draw(st.integers(1, 9)))


def _file(path: str, content: bytes, extended: bool, write: Any, fields: dict[str, Any]) -> bytes:
    size = write(len(content), 12)
    if extended:
        return pax(("path", path), ("mtime", "1.5")) + member("short/name", content, size=size, **fields)
    return member(path, content, size=size, **fields)


def accepted(archive: bytes) -> bool:
    try:
        scan_archive(archive)
    except InvalidInputError:
        return False
    return True


@given(archives(), st.sampled_from(["chittyos", "placet"]))
def test_unstamping_a_stamped_archive_gives_back_every_bit(archive: bytes, key: str) -> None:
    assume(accepted(archive) and not _has_key(archive))
    taken = unstamp(stamp(archive, metadata(), key=key), key=key)
    assert taken == Unstamped(tar=unpacked(archive), block=metadata())


@given(archives())
def test_stamping_an_unstamped_archive_gives_back_every_bit(archive: bytes) -> None:
    assume(accepted(archive) and not _has_key(archive))
    stamped = stamp(archive, metadata())
    taken = unstamp(stamped)
    assert stamp(gzip_tar(taken.tar), taken.block) == stamped


@given(archives())
def test_a_stamp_changes_no_other_file(archive: bytes) -> None:
    assume(accepted(archive) and not _has_key(archive))
    before, after = scan_archive(archive), scan_archive(stamp(archive, metadata()))
    assert [each for each in after.files if each.path != "package.json"] == [
        each for each in before.files if each.path != "package.json"
    ]


@settings(max_examples=400)
@given(st.data())
def test_whatever_is_done_to_a_stamped_package_json_both_laws_hold_or_it_is_refused(data: st.DataObject) -> None:
    text = scan_archive(stamp(_package(b'{"name":"tool",\n "x": {"y":[1]}\n}\n'), metadata())).manifest_text
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(start + 2, len(text))))
    change = data.draw(st.sampled_from([b"", b" ", b",", b'"', b"}", b"{", b"a", b"\\u0061", b"0", b"\n"]))
    altered = _package(text[:start] + change + text[stop:])
    assert _stamped_again(altered) in {"STAMP_REFUSED", "STAMP_NOT_CANONICAL", unpacked(altered)}


@given(archives(), st.lists(st.integers(1, 300), min_size=1, max_size=20))
def test_the_reading_does_not_depend_on_how_the_bytes_arrive(archive: bytes, sizes: list[int]) -> None:
    assume(accepted(archive))
    chunks, at = [], 0
    for size in sizes:
        chunks.append(archive[at : at + size])
        at += size
    assert scan_archive(iter([*chunks, archive[at:]]), size=len(archive)) == scan_archive(archive)


@settings(max_examples=300)
@given(archives(), st.data())
def test_an_archive_with_one_bit_flipped_in_a_header_is_refused(archive: bytes, data: st.DataObject) -> None:
    assume(accepted(archive))
    stream = bytearray(unpacked(archive))
    bit = data.draw(st.integers(0, 512 * 8 - 1))
    stream[bit // 8] ^= 1 << bit % 8
    # a flipped bit in the checksum's own terminator leaves it a terminator: NUL for a space
    assume(not 154 <= bit // 8 < 156)
    assert not accepted(packed(bytes(stream)))


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.binary(max_size=1500).map(packed))
def test_any_bytes_are_refused_or_read_but_never_break_the_reader(anything: bytes) -> None:
    assert not accepted(anything)


def _stamped_again(archive: bytes) -> str | bytes:
    try:
        taken = unstamp(archive)
    except InvalidInputError as refusal:
        return refusal.code
    return unpacked(stamp(gzip_tar(taken.tar), taken.block))


def _package(text: bytes) -> bytes:
    return packed(member("package/package.json", text) + bytes(1024))


def _has_key(archive: bytes) -> bool:
    return not {"chittyos", "placet"}.isdisjoint(json.loads(scan_archive(archive).manifest_text))
