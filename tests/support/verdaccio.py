"""A real Verdaccio on a free loopback port, in a folder of its own, without uplinks."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from support.node_program import node
from support.ports import free_port

PROGRAM = Path(__file__).parents[1] / "node/node_modules/verdaccio/bin/verdaccio"
_START_SECONDS = 60
_CONFIG = """
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
    max_users: 100
uplinks: {}
packages:
  "**":
    access: $all
    publish: $authenticated
    unpublish: $authenticated
max_body_size: 200mb
web:
  enable: false
middlewares:
  audit:
    enabled: false
log: { type: stdout, format: json, level: warn }
"""


class Verdaccio(Struct, frozen=True):
    """A running registry: its address, and a token of its one user."""

    url: str
    token: str
    username: str = "alice"


@contextlib.contextmanager
def running_verdaccio(folder: Path) -> Iterator[Verdaccio]:
    """Start Verdaccio in `folder`, make the user `alice`, and stop it by its process id at the end."""
    (folder / "config.yaml").write_text(_CONFIG)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [node(), str(PROGRAM), "--config", "config.yaml", "--listen", url]
    with (folder / "verdaccio.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(process, url, folder)
        yield Verdaccio(url=url, token=_new_user(url, "alice"))
    finally:
        process.kill()
        process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(f"{url}/-/ping", timeout=5) as answer:  # noqa: S310 - our own loopback address
                assert answer.status == 200
            return
        if process.poll() is not None:
            break
        select.select([], [], [], 0.1)
    raise AssertionError(f"Verdaccio did not start: {(folder / 'verdaccio.log').read_text()[-2000:]}")


def _new_user(url: str, name: str) -> str:
    body = {"_id": f"org.couchdb.user:{name}", "name": name, "password": "correct horse 1", "type": "user", "roles": []}
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{url}/-/user/org.couchdb.user:{name}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        token: str = json.load(answer)["token"]
    return token
