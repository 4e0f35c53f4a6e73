"""Uploads in a home: one owner does not take all the room, and what nobody goes on with is forgotten."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from placet.adapters.files.blobs import FolderBlobs
from placet.adapters.files.uploads import OWNER_LIMIT_BYTES
from placet.domain.values.digest import sha256
from placet.errors import UnavailableError
from placet.ports.blobs import Upload

DAY = 24 * 60 * 60


async def one_byte() -> AsyncIterator[bytes]:
    yield b"x"


async def confirmed() -> None:
    """Agree that something is kept."""


def begin(root: Path, number: int, size: int, owner: str = "person:alice") -> None:
    upload = Upload(owner=owner, digest=sha256(b"%d" % number), size=size)
    asyncio.run(FolderBlobs(root).append(upload, 0, one_byte()))


def begun(root: Path) -> list[Path]:
    return sorted((root / "uploads").iterdir())


def test_one_owner_leaves_room_for_the_others(tmp_path: Path) -> None:
    begin(tmp_path, 1, OWNER_LIMIT_BYTES)
    with pytest.raises(UnavailableError, match="UPLOADS_FULL"):
        begin(tmp_path, 2, 1)

    begin(tmp_path, 2, 1, owner="person:bob")

    assert len(begun(tmp_path)) == 2


def test_one_owner_with_many_small_uploads_leaves_room_for_the_others(tmp_path: Path) -> None:
    for number in range(64):
        begin(tmp_path, number, 1)

    with pytest.raises(UnavailableError, match="UPLOADS_FULL"):
        begin(tmp_path, 64, 1)
    begin(tmp_path, 64, 1, owner="person:bob")


def test_many_small_uploads_are_bounded_too(tmp_path: Path) -> None:
    for number in range(256):
        begin(tmp_path, number, 1, owner=f"person:number{number % 4}")

    with pytest.raises(UnavailableError, match="UPLOADS_FULL"):
        begin(tmp_path, 256, 1)


def test_what_nobody_went_on_with_for_a_day_makes_room(tmp_path: Path) -> None:
    begin(tmp_path, 1, OWNER_LIMIT_BYTES)
    (old,) = begun(tmp_path)
    os.utime(old, (old.stat().st_atime, old.stat().st_mtime - DAY - 1))

    begin(tmp_path, 2, OWNER_LIMIT_BYTES)

    assert not old.exists()
    assert len(begun(tmp_path)) == 1


def test_a_file_that_is_no_upload_is_left_alone(tmp_path: Path) -> None:
    begin(tmp_path, 1, 1)
    other = tmp_path / "uploads" / "README"
    other.write_text("not ours")
    os.utime(other, (0, 0))

    begin(tmp_path, 2, 1)

    assert other.exists()


def test_an_upload_that_was_damaged_meanwhile_is_not_kept(tmp_path: Path) -> None:
    upload = Upload(owner="person:alice", digest=sha256(b"x"), size=1)
    asyncio.run(FolderBlobs(tmp_path).append(upload, 0, one_byte()))
    (file,) = begun(tmp_path)
    file.write_bytes(b"y")

    with pytest.raises(Exception, match="DIGEST_MISMATCH"):
        asyncio.run(FolderBlobs(tmp_path).keep(upload, confirmed))

    assert begun(tmp_path) == []
