"""A51 (objects): a key or a link leads out of the folder, or out of its subject."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from placet.domain.authorization.object_key import split_key
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Outcome, Presence
from support.effects import World, authorize, put_operation

CONTENT = b"archive"
KEY = "packages/@acme/tool/1.0.0.tgz"
BAD_KEYS = [
    "", "/", "/etc/passwd", "//x", "..", "../x", "packages/../x", "packages/..", "packages/./x", ".", "./x",
    "packages//x", "packages/", "a\\b", "..\\x", "C:\\x", "c:/x", "a\0b", "a\nb", "%2e%2e/x", "..%2fx", "a%00b",
    ".hidden", "packages/.placet-00.part", "x.", "packages/con", "packages/NUL.tgz", "com1/x", "~/x/y z",
    "caf\u00e9", "a\u2215b", "packages/" + "x" * 256, "x/" * 512 + "x", "-x", "packages/$(id)", "a|b", "a*", "a?",
]  # fmt: skip
FOREIGN_KEYS = [
    "packages/@acme/other/1.0.0.tgz",
    "packages/@acme/tool/2.0.0.tgz",
    "packages/@acme/tool/1.0.0",
    "packages/@acme/tool/1.0.01.tgz",
    "packages/tool/1.0.0.tgz",
    "packages/@acme/tool/deeper/1.0.0.tgz",
    "elsewhere/@acme/tool/1.0.0.tgz",
    "1.0.0.tgz",
]


def put(folder: Path, key: str = KEY) -> Outcome:
    operation = put_operation(CONTENT, key=key)
    return asyncio.run(World(folder=folder).port().perform(authorize(operation, {"object": CONTENT})))


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a51_a_key_outside_the_grammar_is_denied(key: str) -> None:
    with pytest.raises(EffectError) as caught:
        split_key(key)

    assert caught.value.code == "EGRESS_DENIED"


@pytest.mark.parametrize("key", [*BAD_KEYS, *FOREIGN_KEYS])
def test_a51_nothing_is_written_under_a_key_that_is_not_its_subjects(key: str, tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    folder.mkdir()
    with pytest.raises(EffectError) as caught:
        put(folder, key)

    assert caught.value.code == "EGRESS_DENIED"
    assert [path.name for path in tmp_path.rglob("*")] == ["objects"]


@pytest.mark.parametrize("link", ["packages", "packages/@acme", "packages/@acme/tool"])
def test_a51_a_link_on_the_way_is_not_followed(link: str, tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "objects"
    (outside / "@acme/tool").mkdir(parents=True)
    (outside / "tool").mkdir()
    (folder / link).parent.mkdir(parents=True)
    (folder / link).symlink_to(outside)
    outcome = put(folder)

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "EGRESS_DENIED")
    assert [path for path in outside.rglob("*") if path.is_file()] == []
    assert list(folder.glob("*.part")) == []


def test_a51_a_link_at_the_objects_place_is_a_conflict_and_its_target_stays(tmp_path: Path) -> None:
    target, folder = tmp_path / "target", tmp_path / "objects"
    target.write_bytes(b"precious")
    (folder / KEY).parent.mkdir(parents=True)
    (folder / KEY).symlink_to(target)
    outcome = put(folder)
    found = asyncio.run(World(folder=folder).port().look_up(put_operation(b"precious", key=KEY)))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "OBJECT_CONFLICT")
    assert found.presence is Presence.OTHER
    assert target.read_bytes() == b"precious"
