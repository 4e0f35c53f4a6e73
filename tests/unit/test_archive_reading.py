from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from collections.abc import Iterable

import pytest

from placet.domain.encoding.archive import check_is_package, manifest_of, read_archive
from placet.domain.encoding.archive_limits import ARCHIVE_PROFILE, ArchiveLimits
from placet.domain.encoding.archive_scan import ArchiveFile, scan_archive
from placet.domain.encoding.gunzip import gzip_tar
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from support.archives import (
    END,
    GNU,
    OLD,
    POSIX,
    folder,
    header,
    manifest,
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


def paths(archive: bytes) -> list[str]:
    return [each.path for each in read_archive(archive).files]


def noise(size: int) -> bytes:
    """Return bytes that do not compress, the same every time."""
    return hashlib.shake_128(b"noise").digest(size)


def is_read(archive: bytes) -> bool:
    try:
        read_archive(archive)
    except InvalidInputError:
        return False
    return True


def refusal_of(archive: bytes) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refusal:
        read_archive(archive)
    return refusal.value


def test_a_reading_says_which_package_it_is_and_what_it_holds() -> None:
    reading = read_archive(tgz(package_json(manifest("@acme/tool", "1.2.3-rc.1")), member("package/a/b", b"x")))
    assert (reading.name, reading.version, reading.top_folder) == ("@acme/tool", "1.2.3-rc.1", "package")
    assert reading.files[1] == ArchiveFile(path="a/b", mode=0o644, size=1, sha256=sha256(b"x"))
    assert reading.profile == ARCHIVE_PROFILE == 1


def test_the_digests_are_of_the_packed_bytes_and_of_the_tar_stream() -> None:
    archive = plain_package()
    digests = read_archive(archive).digests
    assert digests.sha256 == hashlib.sha256(archive).hexdigest()
    assert digests.sha512 == hashlib.sha512(archive).hexdigest()
    assert digests.sha1 == hashlib.sha1(archive, usedforsecurity=False).hexdigest()
    assert (digests.size, digests.tar_size) == (len(archive), len(unpacked(archive)))
    assert read_archive(archive).tarball_hash == sha256(unpacked(archive))


def test_the_integrity_is_npms() -> None:
    archive = plain_package()
    expected = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    assert read_archive(archive).integrity == expected


def test_the_tar_hash_does_not_depend_on_compression() -> None:
    fast = packed(unpacked(plain_package()), level=1)
    assert read_archive(fast).tarball_hash == read_archive(plain_package()).tarball_hash
    assert read_archive(fast).digests.sha256 != read_archive(plain_package()).digests.sha256


def test_chunks_of_any_size_give_the_same_reading() -> None:
    archive = tgz(package_json(), member("package/x", noise(500_000)))
    chunks: Iterable[bytes] = (archive[at : at + 7] for at in range(0, len(archive), 7))
    assert read_archive(chunks, size=len(archive)) == read_archive(archive)


@pytest.mark.parametrize("announced", [-1, 1])
def test_chunks_of_another_size_than_announced_are_refused(announced: int) -> None:
    archive = plain_package()
    with pytest.raises(InvalidInputError, match="announced") as refusal:
        read_archive(iter([archive]), size=len(archive) + announced)
    assert refusal.value.code == "ARTIFACT_UNSAFE"


def test_chunks_without_a_size_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError):
        read_archive(iter([plain_package()]))


WRITERS = {
    "npm_writes_sizes_with_a_space": member("package/x", b"x", size=octal_of_npm(1, 12), mtime=octal_of_npm(1, 12)),
    "no_owner": member("package/x", b"x", uid=b"", gid=b"", major=b"", minor=b""),
    "spaces_before_numbers": member("package/x", b"x", mode=b"   644 \0", size=b"          1 ", uid=b"     0 \0"),
    "number_that_fills_its_field": member("package/x", b"x", size=b"000000000001"),
    "file_type_in_the_mode": member("package/x", b"x", mode=0o100644),
    "old_file_type": member("package/x", b"x", kind=b"\0"),
    "gnu_header": member("package/x", b"x", magic=GNU),
    "old_header": member("package/x", b"x", magic=OLD, major=b"", minor=b""),
    "path_in_two_parts": member("x", b"x", prefix=b"package"),
    "times_behind_the_prefix": member(
        "x", b"x", prefix=b"package".ljust(131, b"\0") + octal(1, 12) + octal(1, 12)
    ),
    "times_without_a_prefix": member("package/x", b"x", prefix=bytes(131) + octal(1, 12) + octal_of_npm(1, 12)),
    "path_in_pax": pax(("path", "package/x"), ("size", "1"), ("mtime", "1.5")) + member("package/short", b"x"),
    "all_pax_keys": pax(
        ("atime", "1"), ("ctime", "1"), ("uid", "1"), ("gid", "1"), ("uname", "u"), ("gname", "g"), ("comment", "c"),
        ("SCHILY.dev", "1"), ("SCHILY.ino", "1"), ("SCHILY.nlink", "1"),
    )
    + member("package/x", b"x"),
    "file_type_in_the_mode_of_everything": pax(("comment", "c"), kind=b"g", mode=0o100644)
    + folder("package/", mode=0o040755)
    + pax(("mtime", "1"), mode=0o100644)
    + member("package/x", b"x", mode=0o100644),
    "global_comment": pax(("comment", "0" * 40), kind=b"g") + member("package/x", b"x"),
    "folders": folder("package/") + folder("package/lib") + member("package/x", b"x"),
    "owner_names": member("package/x", b"x", owner=b"root"),
}  # fmt: skip


@pytest.mark.parametrize("parts", WRITERS.values(), ids=WRITERS.keys())
def test_what_common_writers_write_is_read(parts: bytes) -> None:
    files = read_archive(tgz(package_json(), parts)).files
    assert files[1] == ArchiveFile(path="x", mode=0o644, size=1, sha256=sha256(b"x"))


@pytest.mark.parametrize("style", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_what_python_writes_is_read(style: int) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=style) as tar:
        for name, content in (("package/package.json", manifest()), ("package/lib/x.js", b"1")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    assert paths(packed(stream.getvalue())) == ["package.json", "lib/x.js"]


OWNER_NAMES = range(265, 329)


TIMES = bytes(131) + octal(1, 12) + octal(1, 12)


@pytest.mark.parametrize(
    ("magic", "prefix", "free"),
    [(POSIX, b"", OWNER_NAMES), (POSIX, TIMES, OWNER_NAMES), (GNU, b"", OWNER_NAMES), (OLD, b"", range(0))],
)
def test_every_byte_of_a_header_but_of_owner_names_counts(magic: bytes, prefix: bytes, free: range) -> None:
    plain = header("package/x", magic=magic, prefix=prefix, major=b"", minor=b"")
    changed = [with_checksum(plain[:at] + b"|" + plain[at + 1 :]) for at in range(len(plain))]
    accepted = {at for at, each in enumerate(changed) if is_read(tgz(package_json(), each))}
    end_of_the_name, checksum = {len("package/"), len("package/x")}, range(148, 156)
    assert accepted == {*end_of_the_name, *checksum, *free}


def test_an_extended_header_of_one_block_may_hold_any_letters() -> None:
    path = "package/\u00e9"
    rest = 512 - len(pax_record("path", path)) - len(pax_record("comment", "c" * 100)) + 100
    records = ("path", path), ("comment", "c" * rest)
    assert sum(len(pax_record(*each)) for each in records) == 512
    assert paths(tgz(package_json(), pax(*records), member("package/x"))) == ["package.json", "\u00e9"]


@pytest.mark.parametrize(("size", "read"), [(8192, True), (8193, False)])
def test_an_extended_header_may_have_8192_bytes(size: int, read: bool) -> None:
    record = pax_record("comment", "c" * (size - len("8192 comment=\n")))
    assert len(record) == size
    assert is_read(tgz(package_json(), pax(record), member("package/x", noise(100)))) == read


@pytest.mark.parametrize("mode", [0, 0o600, 0o644, 0o755, 0o777])
def test_permission_bits_are_read_as_they_are(mode: int) -> None:
    assert read_archive(tgz(package_json(mode=mode))).files[0].mode == mode


def test_a_missing_mode_has_no_bits() -> None:
    assert read_archive(tgz(package_json(mode=b""))).files[0].mode == 0


NAMES_THAT_ARE_FINE = [
    "a",
    "..a",
    "a..",
    "...",
    ".npmignore",
    "x.gitignore",
    "gitignore",
    "a b",
    "caf\u00e9",
    "\u4e2d\u6587.md",
    "\U0001f600",
    "ab:c",
    "lib/aux",
    "c" * 255,
    "node_modules/x/package.json",
]


@pytest.mark.parametrize("name", NAMES_THAT_ARE_FINE)
def test_an_unusual_but_plain_name_is_read(name: str) -> None:
    assert paths(tgz(package_json(), pax(("path", f"package/{name}")), member("package/x"))) == ["package.json", name]


def test_a_path_of_1024_bytes_is_read() -> None:
    path = "package" + "/abcdefgh" * 113
    assert len(path) == 1024
    assert paths(tgz(package_json(), pax(("path", path)), member("package/x")))[1] == path.removeprefix("package/")


def test_the_top_folder_may_have_any_name() -> None:
    assert read_archive(tgz(member("node/package.json", manifest()))).top_folder == "node"


def test_folders_in_other_case_may_hold_different_files() -> None:
    archive = tgz(package_json(), member("package/Lib/a", b""), member("package/lib/b", b""))
    assert paths(archive) == ["package.json", "Lib/a", "lib/b"]


@pytest.mark.parametrize("zeros", [0, 512, 10 * 1024])
def test_zeros_behind_the_end_are_read(zeros: int) -> None:
    assert paths(tgz(package_json(), end=END + bytes(zeros))) == ["package.json"]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 200_000])
def test_contents_of_any_size_are_read_whole(size: int) -> None:
    content = noise(size)
    assert read_archive(tgz(package_json(), member("package/x", content))).files[1].sha256 == sha256(content)


def test_bits_that_zlib_keeps_back_are_not_lost() -> None:
    stream = package_json() + member("package/x", bytes(64 * 1024 * 3 - 3 * 512 - 2 * 512)) + END
    assert len(stream) == 3 * 64 * 1024
    assert read_archive(packed(stream), limits=ArchiveLimits(ratio=2000)).digests.tar_size == len(stream)


def test_the_scan_tells_where_package_json_stands() -> None:
    first = member("package/a", b"a")
    place = scan_archive(tgz(first, package_json())).manifest_place
    assert (place.header_at, place.size, place.in_pax) == (len(first), len(manifest()), False)


def test_the_scan_tells_that_pax_repeats_the_size_of_package_json() -> None:
    size = str(len(manifest()))
    assert scan_archive(tgz(pax(("size", size)), package_json())).manifest_place.in_pax
    assert not scan_archive(tgz(pax(("mtime", "1")), package_json())).manifest_place.in_pax


def test_the_manifest_is_the_archives_own() -> None:
    assert manifest_of(tgz(package_json(manifest(bin={"x": "./x.js"}), kind=b"0"))) == {
        "name": "tool",
        "version": "1.0.0",
        "bin": {"x": "./x.js"},
    }


IDENTITIES = {
    "NAME_INVALID": [b'{"version":"1.0.0"}', b'{"name":1,"version":"1.0.0"}', b'{"name":"../x","version":"1.0.0"}'],
    "VERSION_INVALID": [b'{"name":"a"}', b'{"name":"a","version":1}', b'{"name":"a","version":"v1.0.0"}'],
    "NAME_CONFUSABLE": ['{"name":"t\u043eol","version":"1.0.0"}'.encode()],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in IDENTITIES.items() for text in texts])
def test_an_archive_that_names_no_package_is_refused(code: str, text: bytes) -> None:
    assert refusal_of(tgz(package_json(text))).code == code


@pytest.mark.parametrize(("name", "version"), [("tool", "1.0.1"), ("@acme/tool", "1.0.0"), ("tool\x1b", "1.0.0")])
def test_another_package_than_asked_is_a_mismatch(name: str, version: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_is_package(read_archive(plain_package()), name, version)
    assert refusal.value.code == "MANIFEST_MISMATCH"
    assert "\x1b" not in refusal.value.message


def test_the_package_that_was_asked_for_passes() -> None:
    check_is_package(read_archive(plain_package()), "tool", "1.0.0")


JSON_THAT_EVERYBODY_READS = [
    b'{"x":9007199254740991}',
    b'{"x":-9007199254740991}',
    b'{"x":1.5e300}',
    b'{"x":"\\ud83d\\ude00"}',
    '{"x":"\U0001f600","\u00e9":1}'.encode(),
    b' \t\r\n{ "x" : [ true , false , null ] } \n',
    b'{"proto":1,"__proto":2}',
    b'{"x":' + b"[" * 98 + b"1" + b"]" * 98 + b"}",
]


@pytest.mark.parametrize("text", JSON_THAT_EVERYBODY_READS)
def test_json_that_everybody_reads_is_a_package_json(text: bytes) -> None:
    named = text.replace(b"{", b'{"name":"a","version":"1.0.0",', 1)
    assert read_archive(tgz(package_json(named))).name == "a"


def test_gzip_says_nothing_of_who_made_it_when() -> None:
    assert gzip_tar(b"x")[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    assert unpacked(gzip_tar(b"x" * 100_000)) == b"x" * 100_000
    assert gzip_tar(b"x") == gzip_tar(b"x")
