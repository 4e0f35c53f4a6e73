"""A real s3rver, which overwrites in spite of If-None-Match: the store that has to be refused."""

from __future__ import annotations

import contextlib
import select
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from support.ports import free_port
from support.seaweed import ObjectStore
from support.verdaccio import node

PROGRAM = Path(__file__).parents[1] / "node/node_modules/s3rver/bin/s3rver.js"
CREDENTIAL = "S3RVER:S3RVER"
_START_SECONDS = 60


@contextlib.contextmanager
def running_s3rver(folder: Path) -> Iterator[ObjectStore]:
    """Start s3rver in `folder`, with one bucket, and stop it by its process id at the end."""
    (folder / "data" / "objects").mkdir(parents=True)  # its buckets are folders
    port = free_port()
    command = [node(), str(PROGRAM), "-d", str(folder / "data"), "-a", "127.0.0.1", "-p", str(port)]
    with (folder / "s3rver.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-vhost-buckets"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait_until_it_answers(process, port, folder)
        yield ObjectStore(url=f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
            return
        if process.poll() is not None:
            break
        select.select([], [], [], 0.1)
    raise AssertionError(f"s3rver did not start: {(folder / 's3rver.log').read_text()[-2000:]}")
