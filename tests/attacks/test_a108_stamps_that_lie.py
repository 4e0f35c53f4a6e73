"""A108: a package.json that cannot be stamped without doubt, or was touched after stamping, is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from placet.domain.encoding.archive_scan import scan_archive
from placet.domain.encoding.gunzip import gzip_tar
from placet.domain.package.stamp import stamp, unstamp
from placet.errors import InvalidInputError
from support.archives import header, member, octal, package_json, padded, tgz, unpacked
from support.bad_stamps import (
    BLOCK,
    BLOCKS_TOUCHED_AFTER_STAMPING,
    HEADERS_THAT_CANNOT_BE_STAMPED,
    TEXTS_THAT_CANNOT_BE_STAMPED,
    TEXTS_TOUCHED_AFTER_STAMPING,
)
from support.metadata import metadata


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(InvalidInputError) as refusal:
        act()
    return refusal.value.code


@pytest.mark.parametrize("text", TEXTS_THAT_CANNOT_BE_STAMPED.values(), ids=TEXTS_THAT_CANNOT_BE_STAMPED.keys())
def test_a108_a_package_json_that_two_readers_read_differently_is_not_stamped(text: bytes) -> None:
    assert code_of(lambda: stamp(tgz(package_json(text)), metadata())) == "STAMP_REFUSED"


@pytest.mark.parametrize("text", TEXTS_THAT_CANNOT_BE_STAMPED.values(), ids=TEXTS_THAT_CANNOT_BE_STAMPED.keys())
def test_a108_nor_is_a_stamp_found_in_one(text: bytes) -> None:
    assert code_of(lambda: unstamp(tgz(package_json(text)))) in {"STAMP_REFUSED", "STAMP_NOT_CANONICAL"}


@pytest.mark.parametrize("case", HEADERS_THAT_CANNOT_BE_STAMPED)
def test_a108_a_header_that_could_not_come_back_is_not_stamped(case: str) -> None:
    archive = tgz(HEADERS_THAT_CANNOT_BE_STAMPED[case](b'{"name":"a"}'))
    assert code_of(lambda: stamp(archive, metadata())) == "STAMP_REFUSED"


def test_a108_nor_is_a_stamp_taken_off_behind_one() -> None:
    text = b'{"name":"a","chittyos":%b}' % BLOCK
    archive = tgz(package_json(text, size=b"      %o \0" % len(text)))
    assert code_of(lambda: unstamp(archive)) == "STAMP_REFUSED"


def test_a108_the_smallest_field_that_has_room_is_stamped() -> None:
    archive = tgz(package_json(b'{"name":"a"}', size=b"0014\0"))
    assert unstamp(stamp(archive, metadata())).tar == unpacked(archive)


@pytest.mark.parametrize("text", TEXTS_TOUCHED_AFTER_STAMPING.values(), ids=TEXTS_TOUCHED_AFTER_STAMPING.keys())
def test_a108_a_block_at_another_place_is_not_canonical(text: bytes) -> None:
    assert code_of(lambda: unstamp(tgz(package_json(text % BLOCK)))) == "STAMP_NOT_CANONICAL"


@pytest.mark.parametrize("block", BLOCKS_TOUCHED_AFTER_STAMPING.values(), ids=BLOCKS_TOUCHED_AFTER_STAMPING.keys())
def test_a108_a_block_spelled_otherwise_is_not_canonical(block: bytes) -> None:
    archive = tgz(package_json(b'{"name":"a","chittyos":%b}' % block))
    assert code_of(lambda: unstamp(archive)) == "STAMP_NOT_CANONICAL"


def test_a108_the_texts_that_these_are_made_from_are_taken_apart() -> None:
    stamped = tgz(package_json(b'{"name":"a","chittyos":%b}' % BLOCK))
    assert unstamp(stamped).block == metadata()
    assert scan_archive(gzip_tar(unstamp(stamped).tar)).manifest_text == b'{"name":"a"}'


def test_a108_a_block_with_other_claims_is_other_bytes() -> None:
    stamped = stamp(tgz(package_json()), metadata())
    altered = gzip_tar(unpacked(stamped).replace(b'"alice"', b'"carol"'))
    assert unstamp(altered).tar == unstamp(stamped).tar
    assert scan_archive(altered).digests.sha512 != scan_archive(stamped).digests.sha512


def test_a108_an_archive_without_a_block_is_not_stamped() -> None:
    assert code_of(lambda: unstamp(tgz(package_json()))) == "STAMP_REFUSED"


def test_a108_an_archive_is_not_stamped_twice() -> None:
    stamped = stamp(tgz(package_json()), metadata())
    assert code_of(lambda: stamp(stamped, metadata(service_id="other"))) == "STAMP_REFUSED"


@pytest.mark.parametrize("key", ["", "Chitty", 'x":1,"y', "chitty os", "chitty\\u006fs", "x" * 65, "ключ", "x\n"])
def test_a108_a_key_that_is_no_plain_word_is_refused(key: str) -> None:
    assert code_of(lambda: stamp(tgz(package_json()), metadata(), key=key)) == "STAMP_REFUSED"
    assert code_of(lambda: unstamp(tgz(package_json()), key=key)) == "STAMP_REFUSED"


def test_a108_an_unsafe_archive_is_neither_stamped_nor_unstamped() -> None:
    unsafe = tgz(package_json(), member("package/../x"))
    assert code_of(lambda: stamp(unsafe, metadata())) == "ARTIFACT_UNSAFE"
    assert code_of(lambda: unstamp(unsafe)) == "ARTIFACT_UNSAFE"


def test_a108_a_stamp_for_another_archive_of_the_same_name_is_seen_in_the_hash() -> None:
    one = unstamp(stamp(tgz(package_json(), member("package/x", b"1")), metadata()))
    other = unstamp(stamp(tgz(package_json(), member("package/x", b"2")), metadata()))
    assert one.tarball_hash != other.tarball_hash


def test_a108_only_the_package_json_of_the_top_folder_is_stamped() -> None:
    inner = member("package/node_modules/x/package.json", b'{"name":"x"}')
    stamped = unpacked(stamp(tgz(inner, package_json()), metadata()))
    assert stamped.startswith(inner)
    assert padded(octal(0, 12)) not in inner
    assert header("package/x") not in stamped
