"""A52: members that would leave their place, or be more than a plain file, are refused unread."""

from __future__ import annotations

import pytest

from placet.domain.encoding.archive import read_archive
from placet.errors import InvalidInputError
from support.archives import END, folder, header, member, package_json, pax, tgz

PACKAGE = package_json()

PATHS_THAT_LEAVE = {
    "climbs": "package/../../etc/passwd",
    "climbs_at_once": "../package/x",
    "climbs_at_the_end": "package/lib/..",
    "climbs_behind_a_backslash": "package/..\\..\\x",
    "absolute": "/etc/passwd",
    "absolute_twice": "//etc/passwd",
    "unc": "//?/C:/x",
    "drive_behind_the_top_folder": "package/c:/x",
    "drive_without_slash": "package/C:x",
    "drive_then_climbs": "package/c:../x",
    "drive_first": "c:/x",
    "here": "package/./x",
    "here_first": "./package/x",
    "empty_segment": "package//x",
    "trailing_slash_on_a_file": "package/x/",
    "backslash": "package\\x",
    "newline": "package/a\nb",
    "escape_sequence": "package/\x1b[2Jx",
    "delete_character": "package/a\x7f",
    "next_line_control": "package/a\u0085",
    "bidi_override": "package/gpj.\u202eexe",
    "bidi_isolate": "package/\u2066x",
    "decomposed": "package/cafe\u0301.js",
}

KINDS = {
    "hard_link": b"1",
    "symbolic_link": b"2",
    "character_device": b"3",
    "block_device": b"4",
    "fifo": b"6",
    "contiguous_file": b"7",
    "gnu_folder_listing": b"D",
    "gnu_long_link": b"K",
    "gnu_long_name": b"L",
    "gnu_continuation": b"M",
    "gnu_old_long_name": b"N",
    "gnu_volume": b"V",
    "solaris_acl": b"A",
    "solaris_extended": b"X",
    "inode_metadata": b"I",
    "unknown_digit": b"8",
    "unknown_letter": b"Z",
    "not_ascii": b"\xff",
}

SHAPES = {
    # CVE-2026-23745: a link whose target is absolute, then a file through it
    "link_to_an_absolute_target": header("package/x", kind=b"2", link=b"/etc") + member("package/x/passwd", b"x"),
    "hard_link_to_an_absolute_target": header("package/x", kind=b"1", link=b"/etc/passwd"),
    # CVE-2026-24842: a hard link that climbs once the top folder is stripped
    "hard_link_that_climbs": header("package/x", kind=b"1", link=b"package/../../../etc/passwd"),
    # CVE-2026-26960: a chain of links, each harmless alone
    "chain_of_links": header("package/a", kind=b"2", link=b".")
    + header("package/b", kind=b"1", link=b"a/../../x")
    + member("package/b", b"x"),
    "link_name_on_a_plain_file": header("package/x", link=b"/etc/passwd"),
    "link_name_in_pax": pax(("linkpath", "/etc/passwd")) + member("package/x"),
    "type_in_pax": pax(("type", "SymbolicLink")) + member("package/x"),
    "mode_in_pax": pax(("mode", "4755")) + member("package/x"),
    "path_that_climbs_in_pax": pax(("path", "package/../../x")) + member("package/x"),
    "absolute_path_in_pax": pax(("path", "/etc/passwd")) + member("package/x"),
    "link_name_on_a_folder": folder("package/x", link=b"y"),
    "folder_with_content": header("package/x/", 512, kind=b"5") + bytes(512),
    "path_by_prefix_that_climbs": member("x", prefix=b"package/../.."),
    "absolute_prefix": member("x", prefix=b"/etc"),
    "set_user_id": member("package/x", mode=0o4755),
    "set_group_id": member("package/x", mode=0o2755),
    "sticky": member("package/x", mode=0o1755),
    "mode_of_a_link": member("package/x", mode=0o120777),
    "mode_of_a_device": member("package/x", mode=0o060644),
    "mode_of_a_fifo": member("package/x", mode=0o010644),
    "folder_bits_on_a_file": member("package/x", mode=0o040755),
    "file_bits_on_a_folder": folder("package/x", mode=0o100755),
    "file_outside_any_folder": member("x"),
    "file_named_like_the_top_folder": member("package"),
    "second_top_folder": member("other/x"),
    "top_folder_in_other_case": member("Package/x"),
    "not_utf8": member(b"package/\xff"),
    "half_a_surrogate_pair": member(b"package/\xed\xa0\x80"),
    "segment_longer_than_file_systems_hold": pax(("path", "package/" + "a" * 256)) + member("package/x"),
    "path_longer_than_1024": pax(("path", "package" + "/abcdefgh" * 114)) + member("package/x"),
}


def refusal_of(archive: bytes) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refusal:
        read_archive(archive)
    return refusal.value


@pytest.mark.parametrize("path", PATHS_THAT_LEAVE.values(), ids=PATHS_THAT_LEAVE.keys())
def test_a52_a_path_that_could_leave_its_folder_is_refused(path: str) -> None:
    assert refusal_of(tgz(PACKAGE, member(path, b"x"))).code == "ARTIFACT_UNSAFE"


@pytest.mark.parametrize("path", PATHS_THAT_LEAVE.values(), ids=PATHS_THAT_LEAVE.keys())
def test_a52_a_pax_path_that_could_leave_its_folder_is_refused(path: str) -> None:
    assert refusal_of(tgz(PACKAGE, pax(("path", path)), member("package/x", b"x"))).code == "ARTIFACT_UNSAFE"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a52_anything_but_plain_files_and_folders_is_refused(kind: bytes) -> None:
    refusal = refusal_of(tgz(PACKAGE, header("package/x", kind=kind)))
    assert (refusal.code, "'package/x'" in refusal.message) == ("ARTIFACT_UNSAFE", True)


@pytest.mark.parametrize("parts", SHAPES.values(), ids=SHAPES.keys())
def test_a52_a_member_that_is_more_than_it_seems_is_refused(parts: bytes) -> None:
    assert refusal_of(tgz(PACKAGE, parts)).code == "ARTIFACT_UNSAFE"


def test_a52_a_refusal_names_the_member_escaped_and_the_rule() -> None:
    message = refusal_of(tgz(PACKAGE, member("package/\x1b[2J", mode=0o4755))).message
    assert message == "the archive is refused: member 'package/\\x1b[2J' has set-id or sticky bits"


def test_a52_an_archive_without_package_json_in_its_top_folder_is_refused() -> None:
    assert "no package.json" in refusal_of(tgz(member("package/lib/package.json", b"{}"))).message


def test_a52_an_archive_without_members_is_refused() -> None:
    assert refusal_of(tgz(end=END)).code == "ARTIFACT_UNSAFE"
