"""What `BlobStore` promises, over memory and a folder (protocol 1: artifacts by digest)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from placet.adapters.files.blobs import FolderBlobs
from placet.adapters.memory.blobs import MemoryBlobs
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError, NotFoundError, UnavailableError
from placet.ports.blobs import BlobStore, Upload

CONTENT = b"bytes of an archive"
MINE = Upload(owner="person:alice", digest=sha256(CONTENT), size=len(CONTENT))
THEIRS = Upload(owner="person:bob", digest=sha256(CONTENT), size=len(CONTENT))
Reopen = Callable[[], BlobStore]
T = TypeVar("T")


class CutError(Exception):
    """Stands for a connection that was cut."""


@pytest.fixture(params=["memory", "folder"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    """Return what opens the same blobs again, as another process would."""
    memory = MemoryBlobs()
    return (lambda: memory) if request.param == "memory" else (lambda: FolderBlobs(tmp_path / "blobs"))


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def chunks(*content: bytes, cut: bool = False) -> AsyncIterator[bytes]:
    for each in content:
        yield each
    if cut:
        raise CutError


async def confirmed() -> None:
    """Agree that something is kept."""


async def refused() -> None:
    raise CutError


def send(blobs: BlobStore, upload: Upload, *content: bytes, offset: int = 0) -> int:
    return run(blobs.append(upload, offset, chunks(*content)))


def test_what_was_put_is_got_again_by_its_digest_by_every_process(reopen: Reopen) -> None:
    digest = run(reopen().put(CONTENT))

    assert digest == sha256(CONTENT)
    assert run(reopen().get(digest)) == CONTENT
    assert run(reopen().holds(digest))


def test_what_was_never_put_is_missing(reopen: Reopen) -> None:
    assert not run(reopen().holds(sha256(CONTENT)))
    with pytest.raises(NotFoundError, match="BLOB_MISSING"):
        run(reopen().get(sha256(CONTENT)))


def test_what_is_no_digest_leads_nowhere(reopen: Reopen) -> None:
    odd = Digest("sha256:../../policy")
    with pytest.raises(InvalidInputError, match="DIGEST_INVALID"):
        run(reopen().get(odd))
    with pytest.raises(InvalidInputError, match="DIGEST_INVALID"):
        run(reopen().holds(odd))
    with pytest.raises(InvalidInputError, match="DIGEST_INVALID"):
        send(reopen(), Upload(owner="person:alice", digest=odd, size=1), b"x")


def test_an_upload_in_pieces_becomes_a_blob_when_it_is_kept(reopen: Reopen) -> None:
    assert send(reopen(), MINE, CONTENT[:4], CONTENT[4:9]) == 9
    assert run(reopen().received(MINE)) == 9
    assert send(reopen(), MINE, CONTENT[9:], offset=9) == len(CONTENT)
    assert not run(reopen().holds(MINE.digest))

    run(reopen().keep(MINE, confirmed))

    assert run(reopen().get(MINE.digest)) == CONTENT
    assert run(reopen().received(MINE)) == 0


def test_what_came_before_a_cut_is_gone_on_with(reopen: Reopen) -> None:
    with pytest.raises(CutError):
        run(reopen().append(MINE, 0, chunks(CONTENT[:7], cut=True)))
    assert run(reopen().received(MINE)) == 7

    send(reopen(), MINE, CONTENT[7:], offset=7)
    run(reopen().keep(MINE, confirmed))

    assert run(reopen().get(MINE.digest)) == CONTENT


@pytest.mark.parametrize("offset", [0, 3, 5, 100])
def test_an_upload_goes_on_from_where_it_stands_alone(reopen: Reopen, offset: int) -> None:
    send(reopen(), MINE, CONTENT[:4])

    with pytest.raises(InvalidInputError, match="UPLOAD_OFFSET: the upload stands at 4"):
        send(reopen(), MINE, CONTENT[4:], offset=offset)
    assert run(reopen().received(MINE)) == 4


def test_no_byte_beyond_its_size_is_kept(reopen: Reopen) -> None:
    with pytest.raises(InvalidInputError, match="ARTIFACT_TOO_LARGE"):
        send(reopen(), MINE, CONTENT, b"more")

    assert run(reopen().received(MINE)) == len(CONTENT)


@pytest.mark.parametrize("content", [b"BYTES of an archive", b"bytes of an archiv", b""])
def test_other_bytes_than_the_digest_says_are_forgotten(reopen: Reopen, content: bytes) -> None:
    send(reopen(), MINE, content)

    with pytest.raises(InvalidInputError, match="DIGEST_MISMATCH"):
        run(reopen().keep(MINE, confirmed))

    assert not run(reopen().holds(MINE.digest))
    assert run(reopen().received(MINE)) == 0


def test_what_was_never_sent_is_not_kept(reopen: Reopen) -> None:
    with pytest.raises(InvalidInputError, match="DIGEST_MISMATCH"):
        run(reopen().keep(MINE, confirmed))


def test_what_nobody_confirms_is_not_kept_and_can_be_confirmed_later(reopen: Reopen) -> None:
    send(reopen(), MINE, CONTENT)
    with pytest.raises(CutError):
        run(reopen().keep(MINE, refused))
    assert not run(reopen().holds(MINE.digest))

    run(reopen().keep(MINE, confirmed))

    assert run(reopen().holds(MINE.digest))


def test_keeping_again_what_is_kept_is_harmless(reopen: Reopen) -> None:
    send(reopen(), MINE, CONTENT)
    run(reopen().keep(MINE, confirmed))

    run(reopen().keep(MINE, refused))

    assert run(reopen().get(MINE.digest)) == CONTENT


def test_two_owners_of_the_same_bytes_know_nothing_of_each_other(reopen: Reopen) -> None:
    send(reopen(), MINE, CONTENT[:4])

    assert run(reopen().received(THEIRS)) == 0
    send(reopen(), THEIRS, CONTENT)
    run(reopen().keep(THEIRS, confirmed))
    assert run(reopen().received(MINE)) == 4


def test_while_somebody_is_sending_nobody_else_sends_the_same(reopen: Reopen) -> None:
    async def both() -> None:
        first, second = reopen(), reopen()
        begun, done = asyncio.Event(), asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield CONTENT[:4]
            begun.set()
            await done.wait()

        sending = asyncio.create_task(first.append(MINE, 0, slowly()))
        await begun.wait()
        with pytest.raises(UnavailableError, match="BUSY"):
            await second.append(MINE, 4, chunks(CONTENT[4:]))
        done.set()
        assert await sending == 4

    run(both())


def test_what_is_promised_counts_before_it_comes(reopen: Reopen) -> None:
    sizes = [1024**3] * 5

    def begin(number: int, size: int) -> int:
        upload = Upload(owner=f"person:{number}", digest=sha256(b"%d" % number), size=size)
        return send(reopen(), upload, b"x")

    for number, size in enumerate(sizes[:-1]):
        begin(number, size)
    with pytest.raises(UnavailableError, match="UPLOADS_FULL"):
        begin(4, sizes[-1])
