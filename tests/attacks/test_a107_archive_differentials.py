"""A107: archives that two readers unpack differently are refused, each for its own rule."""

from __future__ import annotations

import pytest

from placet.domain.encoding.archive import read_archive
from placet.errors import InvalidInputError
from support.archives import (
    header,
    package_json,
    packed,
    plain_package,
    tgz,
    unpacked,
)
from support.bad_archives import BINARY_SIZE, CASES, MANIFESTS_WITH_TWO_READINGS, TWO_READINGS

PACKAGE = package_json()


RULES = {
    "a lone zero block stands before its end": "lone_zero_block",
    "its tar stream ends before it is complete": "lone_zero_block_at_the_end no_end cut_in_a_header "
    "cut_in_a_content cut_in_the_padding empty_stream gzip_in_gzip",
    "bytes follow the end of its tar stream": "member_behind_the_end byte_behind_the_end",
    "its tar stream does not consist of whole blocks": "end_is_no_whole_block",
    "the space behind a member's content is not empty": "bytes_in_the_padding",
    "bytes follow its gzip member": "second_member second_member_continues_the_tar empty_second_member "
    "trailing_byte trailing_zero",
    "it is not gzip, or damaged": "no_gzip zlib_instead_of_gzip raw_deflate wrong_checksum wrong_length "
    "reserved_flag brotli_like_bytes zstd",
    "it is cut off": "empty_file cut_off only_a_header",
    "has a wrong checksum": "bad_checksum checksum_without_end checksum_missing checksum_of_signed_bytes",
    "has bytes behind the end of its name": "bytes_behind_the_name bytes_behind_the_prefix bytes_at_the_end "
    "long_prefix_and_times one_time_behind_the_prefix times_no_octal times_and_bytes_before "
    "times_and_bytes_at_the_end",
    "has a header of an unknown format": "gnu_header_with_a_prefix old_header_with_a_prefix "
    "old_header_with_an_owner unknown_magic",
    "is not plain, relative and normal": "no_name old_file_that_is_a_folder kelvin_sign_twins",
    "has a number that is not octal": "negative_size decimal_size underscore_in_the_size two_numbers_in_the_size "
    "number_behind_a_nul mode_no_octal owner_in_binary owner_in_unknown_binary group_no_octal time_no_octal "
    "device_no_octal",
    "has no size": "no_size",
    "has the name of another, but for case": "same_file_twice second_package_json case_twins "
    "package_json_in_other_case sharp_s_twins composed_twins folder_twice folder_twins file_then_folder "
    "folder_then_file implied_folder_then_file pax_path_of_another",
    "lies in a folder that is also a file": "file_then_file_inside file_then_file_deep_inside file_then_folder_inside",
    "has an unknown or repeated key": "key_twice global_path global_size unknown_key character_set "
    "remaining_bytes_of_the_reader told_to_be_ignored",
    "an extended header is not followed by its member": "two_extended_headers global_header_between "
    "followed_by_a_zero_block without_a_name",
    "an extended header is empty": "empty",
    "has a malformed record": "newline_in_a_value record_in_a_record length_too_short length_too_long "
    "length_with_a_zero no_newline no_value nul_in_a_path bytes_behind_the_records",
    "has a size that is no number": "size_no_number size_with_a_sign",
}


def refusal_of(archive: bytes) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refusal:
        read_archive(archive)
    return refusal.value


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in RULES.items() for case in cases.split()])
def test_a107_an_archive_with_two_readings_is_refused_for_its_rule(rule: str, case: str) -> None:
    refusal = refusal_of(CASES[case])
    assert (refusal.code, rule in refusal.message) == ("ARTIFACT_UNSAFE", True)


def test_a107_every_case_has_a_rule() -> None:
    assert sorted(case for cases in RULES.values() for case in cases.split()) == sorted(CASES)


@pytest.mark.parametrize("parts", TWO_READINGS.values(), ids=TWO_READINGS.keys())
def test_a107_a_member_with_two_readings_is_refused_as_ambiguous(parts: bytes) -> None:
    assert refusal_of(tgz(PACKAGE, parts)).code == "ARTIFACT_AMBIGUOUS"


def test_a107_a_size_in_binary_is_too_large() -> None:
    assert refusal_of(tgz(PACKAGE, header("package/x", size=BINARY_SIZE))).code == "ARTIFACT_TOO_LARGE"


@pytest.mark.parametrize("text", MANIFESTS_WITH_TWO_READINGS.values(), ids=MANIFESTS_WITH_TWO_READINGS.keys())
def test_a107_a_package_json_with_two_readings_is_refused_as_ambiguous(text: bytes) -> None:
    assert refusal_of(tgz(package_json(text))).code == "ARTIFACT_AMBIGUOUS"


def test_a107_the_archive_that_these_are_made_from_is_read() -> None:
    assert [each.path for each in read_archive(plain_package()).files] == ["package.json", "lib/index.js"]
    assert packed(unpacked(plain_package())) == plain_package()
