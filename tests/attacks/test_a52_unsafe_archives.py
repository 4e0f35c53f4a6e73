"""A52: members that would leave their place, or be more than a plain file, are refused unread."""

from __future__ import annotations

import pytest

from placet.domain.encoding.archive import read_archive
from placet.errors import InvalidInputError
from support.archives import END, header, member, package_json, pax, tgz
from support.bad_archives import KINDS, PATHS_THAT_LEAVE, SHAPES

PACKAGE = package_json()


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
