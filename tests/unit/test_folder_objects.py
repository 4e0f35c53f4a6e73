from __future__ import annotations

import asyncio
import hashlib
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from placet.adapters.files.folder import Folder
from placet.adapters.files.objects import FolderExecutor
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import DeniedError, EffectError
from placet.ports.effects import Outcome, Presence, Provider
from support.effects import World, artifact_of, authorize, put_operation

KEY = "packages/@acme/tool/1.0.0.tgz"
CONTENT = b"archive"


def put(folder: Path, content: bytes = CONTENT, key: str = KEY) -> Outcome:
    authorized = authorize(put_operation(content, key=key), {"object": content})
    return asyncio.run(World(folder=folder).port().perform(authorized))


def look_up(folder: Path, content: bytes = CONTENT) -> Presence:
    return asyncio.run(World(folder=folder).port().look_up(put_operation(content, key=KEY))).presence


def read(folder: Path, fact: str) -> str:
    provider = Provider(provider_id="objects", kind="folder", url=f"file:{folder}", credential="")
    return asyncio.run(FolderExecutor().read(provider, put_operation(CONTENT, key=KEY).subject, fact))


def test_an_object_is_written_with_its_digest_and_nothing_else_is_left(tmp_path: Path) -> None:
    outcome = put(tmp_path)

    assert outcome.status is OutcomeStatus.EXECUTED
    assert outcome.response == {"sha256": f"sha256:{hashlib.sha256(CONTENT).hexdigest()}", "found_by": "answer"}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / KEY]
    assert (tmp_path / KEY).read_bytes() == CONTENT


def test_the_same_object_again_is_executed_and_left_alone(tmp_path: Path) -> None:
    put(tmp_path)
    before = (tmp_path / KEY).stat()
    outcome = put(tmp_path)

    assert (outcome.status, outcome.response["found_by"]) == (OutcomeStatus.EXECUTED, "look_up")
    assert (tmp_path / KEY).stat() == before


def test_another_object_under_the_key_is_a_conflict_and_stays(tmp_path: Path) -> None:
    put(tmp_path)
    outcome = put(tmp_path, b"other")

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "OBJECT_CONFLICT")
    assert (tmp_path / KEY).read_bytes() == CONTENT


def test_of_many_writers_of_different_content_exactly_one_wins(tmp_path: Path) -> None:
    contents = [bytes([number]) * 1000 for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda content: put(tmp_path, content), contents))
    winners = [content for content, outcome in zip(contents, outcomes, strict=True) if outcome.status == "executed"]

    assert [(tmp_path / KEY).read_bytes()] == winners
    assert sum(outcome.status is OutcomeStatus.CONFLICT for outcome in outcomes) == 15


def test_a_look_up_tells_same_other_absent_and_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    gone = look_up(folder)
    folder.mkdir()
    absent = look_up(folder)
    put(folder)

    assert (gone, absent) == (Presence.UNKNOWN, Presence.ABSENT)
    assert (look_up(folder), look_up(folder, b"other")) == (Presence.SAME, Presence.OTHER)


def test_facts_are_absent_a_digest_or_unobserved(tmp_path: Path) -> None:
    absent = read(tmp_path, f"object:{KEY}")
    put(tmp_path)

    assert absent == "absent"
    assert read(tmp_path, f"object:{KEY}") == f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    assert read(tmp_path, "version") == "unobserved"
    assert read(tmp_path / "gone", f"object:{KEY}") == "unobserved"


def test_a_folder_at_the_objects_place_is_a_conflict_and_unobserved(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir(parents=True)

    assert put(tmp_path).status is OutcomeStatus.CONFLICT
    assert read(tmp_path, f"object:{KEY}") == "unobserved"


def test_a_file_where_a_folder_must_be_is_failed(tmp_path: Path) -> None:
    (tmp_path / "packages").write_bytes(b"")

    assert put(tmp_path).error_code == "EGRESS_DENIED"


def test_a_folder_that_is_not_there_is_failed_and_not_made(tmp_path: Path) -> None:
    outcome = put(tmp_path / "gone")

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_UNREACHABLE")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["file:relative", "file:/a/../b", "http://127.0.0.1/", "", "file:///a\n"])
def test_a_record_that_names_no_folder_is_denied(url: str) -> None:
    provider = Provider(provider_id="objects", kind="folder", url=url, credential="")
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        asyncio.run(FolderExecutor().look_up(provider, put_operation(CONTENT, key=KEY)))


@pytest.mark.parametrize("params", [{}, {"key": KEY, "url": "file:/tmp"}, {"key": 7}])
def test_other_parameters_than_the_key_are_denied(params: dict[str, str], tmp_path: Path) -> None:
    operation = replace(put_operation(CONTENT, key=KEY), params=params)
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        asyncio.run(World(folder=tmp_path).port().perform(authorize(operation, {"object": CONTENT})))


def test_an_operation_of_two_artifacts_is_refused(tmp_path: Path) -> None:
    operation = put_operation(CONTENT, key=KEY)
    two = replace(operation, artifacts=(*operation.artifacts, artifact_of("more", b"")))
    with pytest.raises(DeniedError, match="ARTIFACT_MISMATCH"):
        asyncio.run(World(folder=tmp_path).port().perform(authorize(two, {"object": CONTENT, "more": b""})))


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_failed_and_leaves_nothing(tmp_path: Path) -> None:
    with file_size_limit(100):
        outcome = put(tmp_path, b"x" * 1000)

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_UNREACHABLE")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_writer_left_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    dead = tmp_path / ".placet-0123456789abcdef.part"
    dead.write_bytes(b"half")
    foreign = tmp_path / "notes.part"
    foreign.write_bytes(b"not ours")
    link = tmp_path / ".placet-fedcba9876543210.part"
    link.symlink_to(foreign)
    with Folder(tmp_path).staged(b"living") as living:
        put(tmp_path)
        during = {path.name for path in tmp_path.iterdir()}

    assert during == {living, "notes.part", "packages", link.name}
    assert {path.name for path in tmp_path.iterdir()} == {"notes.part", "packages", link.name}


_KILLED = """
import os, sys
from pathlib import Path
from placet.adapters.files.folder import Folder
with Folder(Path(sys.argv[1])).staged(b"archive"):
    os.kill(os.getpid(), 9)
"""


def test_a_kill_while_staging_leaves_nothing_after_the_next_write(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    outcome = put(tmp_path)

    assert (killed.returncode, len(left)) == (-9, 1)
    assert outcome.status is OutcomeStatus.EXECUTED
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / KEY]
