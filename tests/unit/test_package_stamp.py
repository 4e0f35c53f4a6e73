from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.domain.encoding.archive_scan import scan_archive
from placet.domain.package.stamp import STAMP_RULE, stamp, unstamp
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from support.archives import (
    END,
    header,
    member,
    octal,
    octal_of_npm,
    package_json,
    padded,
    pax,
    tgz,
    unpacked,
    with_checksum,
)
from support.metadata import MOMENT, metadata

BLOCK = metadata().encode()

TEXTS = {
    "as_npm_formats_it": (b'{\n  "name": "a"\n}\n', b'{\n  "name": "a","chittyos":%b\n}\n'),
    "one_line": (b'{"name":"a"}', b'{"name":"a","chittyos":%b}'),
    "empty_object": (b"{}", b'{"chittyos":%b}'),
    "empty_object_with_blanks": (b" { \n } \n", b' {"chittyos":%b \n } \n'),
    "blanks_everywhere": (b'\n\t{"a" : {} \r\n }\n\n', b'\n\t{"a" : {},"chittyos":%b \r\n }\n\n'),
    "brace_in_a_text": (b'{"a":"}"}', b'{"a":"}","chittyos":%b}'),
    "nested_block_name": (b'{"a":{"chittyos":1}}', b'{"a":{"chittyos":1},"chittyos":%b}'),
    "block_name_in_a_text": (b'{"a":"\\"chittyos\\":{}"}', b'{"a":"\\"chittyos\\":{}","chittyos":%b}'),
    "letters_outside_ascii": ('{"é":"中"}'.encode(), '{"é":"中","chittyos":%b}'.encode()),
    "percent_signs": (b'{"a":"%d"}', b'{"a":"%%d","chittyos":%b}'),
}


@pytest.mark.parametrize(("text", "stamped"), TEXTS.values(), ids=TEXTS.keys())
def test_the_block_stands_behind_the_last_member(text: bytes, stamped: bytes) -> None:
    archive = tgz(package_json(text))
    assert scan_archive(stamp(archive, metadata())).manifest_text == stamped % BLOCK
    assert unstamp(stamp(archive, metadata())).tar == unpacked(archive)


@pytest.mark.parametrize("write", [octal, octal_of_npm])
def test_size_and_checksum_follow_and_keep_their_form(write: object) -> None:
    assert callable(write)
    text = b'{"name":"a"}'
    rest = member("package/x", b"x")
    stream = unpacked(stamp(tgz(package_json(text, size=write(len(text), 12)), rest), metadata()))
    stamped = b'{"name":"a","chittyos":%b}' % BLOCK
    expected = header("package/package.json", write(len(stamped), 12))
    assert stream == expected + padded(stamped) + rest + END


def test_a_checksum_in_another_form_keeps_it() -> None:
    plain = header("package/package.json", 2)
    digits = plain[148:154]
    archive = tgz(plain[:148] + b"0" + digits + b" " + plain[156:], padded(b"{}"))
    stamped = unpacked(stamp(archive, metadata()))
    assert (stamped[148:149], stamped[155:156]) == (b"0", b" ")
    assert with_checksum(stamped[:512])[148:154] == stamped[149:155]
    assert unstamp(stamp(archive, metadata())).tar == unpacked(archive)


def test_an_extended_header_without_a_size_stays_as_it_is() -> None:
    archive = tgz(pax(("path", "package/package.json"), ("mtime", "1")), member("package/short", b"{}"))
    assert unstamp(stamp(archive, metadata())).tar == unpacked(archive)


def test_the_key_is_a_setting() -> None:
    stamped = stamp(tgz(package_json(b"{}")), metadata(), key="placet_1")
    assert scan_archive(stamped).manifest_text == b'{"placet_1":%b}' % BLOCK
    assert unstamp(stamped, key="placet_1").block == metadata()


def test_two_keys_do_not_touch_each_other() -> None:
    once = stamp(tgz(package_json()), metadata(), key="one")
    twice = stamp(once, metadata(service_id="other"), key="two")
    assert unstamp(twice, key="two").tar == unpacked(once)
    with pytest.raises(InvalidInputError, match="STAMP_NOT_CANONICAL"):
        unstamp(twice, key="one")


def test_the_same_stamp_gives_the_same_bytes() -> None:
    assert stamp(tgz(package_json()), metadata()) == stamp(tgz(package_json()), metadata())


def test_what_a_time_loses_when_written_does_not_refuse_the_stamp() -> None:
    block = metadata()
    finer = MOMENT + timedelta(microseconds=1)
    block = replace(block, certificate=replace(block.certificate, issued_at=finer))
    assert unstamp(stamp(tgz(package_json()), block)).block.certificate.issued_at == MOMENT


def test_the_hash_of_an_unstamped_archive_is_that_of_its_tar_stream() -> None:
    archive = tgz(package_json())
    assert unstamp(stamp(archive, metadata())).tarball_hash == sha256(unpacked(archive))


def test_a_block_outside_the_profile_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="JSON_INVALID"):
        stamp(tgz(package_json()), metadata(service_id="caf\u00e9"))


@pytest.mark.parametrize(("tar", "service_id"), [(b"", "placet"), (None, "other")])
def test_a_stamp_that_does_not_come_back_is_refused(tar: bytes | None, service_id: str) -> None:
    archive = tgz(package_json())
    taken = unstamp(stamp(archive, metadata()))
    with pytest.raises(InvalidInputError, match="STAMP_REFUSED"):
        taken.check_comes_from(unpacked(archive) if tar is None else tar, metadata(service_id=service_id).encode())


def test_the_rule_has_a_number() -> None:
    assert STAMP_RULE == 1
