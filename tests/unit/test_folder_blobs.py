from __future__ import annotations

import asyncio
import hashlib
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from placet.adapters.files.blobs import FolderBlobs
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError, NotFoundError, UnavailableError

CONTENT = b"content of a blob"


def put(root: Path, content: bytes = CONTENT) -> Digest:
    return asyncio.run(FolderBlobs(root).put(content))


def get(root: Path, digest: str) -> bytes:
    return asyncio.run(FolderBlobs(root).get(Digest(digest)))


def stored(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [CONTENT, b"", bytes(1_000_000)])
def test_a_blob_is_found_again_by_its_sha256(content: bytes, tmp_path: Path) -> None:
    digest = put(tmp_path / "blobs", content)

    assert digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert get(tmp_path / "blobs", digest) == content


def test_putting_a_blob_twice_keeps_the_one_file(tmp_path: Path) -> None:
    put(tmp_path)
    before = stored(tmp_path)[0].stat()
    put(tmp_path)

    assert [(now.st_ino, now.st_mtime_ns) for now in (path.stat() for path in stored(tmp_path))] == [
        (before.st_ino, before.st_mtime_ns)
    ]


def test_many_writers_of_the_same_blob_leave_one_whole_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(lambda _: put(tmp_path), range(32)))

    assert set(digests) == {sha256(CONTENT)}
    assert [path.read_bytes() for path in stored(tmp_path)] == [CONTENT]


def test_a_damaged_blob_is_refused_and_replaced_by_putting_it_again(tmp_path: Path) -> None:
    digest = put(tmp_path)
    stored(tmp_path)[0].write_bytes(CONTENT[:-1])
    with pytest.raises(UnavailableError) as caught:
        get(tmp_path, digest)
    put(tmp_path)

    assert caught.value.code == "BLOB_CORRUPT"
    assert get(tmp_path, digest) == CONTENT


def test_a_blob_that_was_never_put_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        get(tmp_path, sha256(b"other"))

    assert caught.value.code == "BLOB_MISSING"


@pytest.mark.parametrize("digest", ["sha256:../../etc/passwd", "../x", "sha256:" + "A" * 64, ""])
def test_what_is_no_digest_reads_no_file(digest: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="DIGEST_INVALID"):
        get(tmp_path, digest)


def test_a_full_disk_keeps_nothing_of_the_blob(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(UnavailableError) as caught:
            put(tmp_path, b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert caught.value.code == "BLOBS_UNAVAILABLE"
    assert stored(tmp_path) == []


def test_a_blob_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    digest = put(tmp_path)
    place = stored(tmp_path)[0]
    place.unlink()
    place.mkdir()
    with pytest.raises(UnavailableError) as caught:
        get(tmp_path, digest)

    assert caught.value.code == "BLOBS_UNAVAILABLE"
