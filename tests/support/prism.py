"""GitHub's own description, held beside recorded requests and answers by Prism."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from placet.demo.double_server import Asked, DoubleServer, Reply
from support.node_program import node
from support.ports import free_port

HERE = Path(__file__).parents[1] / "contract/github"
PROGRAM = HERE / "node_modules/@stoplight/prism-cli/dist/index.js"
_START_SECONDS = 60
_BASES = ("/api/v3", "/api/uploads")
"""What the addresses of an Enterprise Server have before the described paths."""
_HOP_BY_HOP = frozenset({"host", "connection", "content-length"})


class Upstream(DoubleServer):
    """A server that gives the recorded answer, whatever is asked."""

    reply = Reply(500, b"")

    def answer(self, asked: Asked) -> Reply:  # noqa: ARG002 - it is what was recorded
        return self.reply


class Judged(Struct, frozen=True):
    """What Prism says of one exchange: the violations that lie in the request, and those in the answer."""

    status: int
    request: list[str]
    answer: list[str]


class Prism(Struct, frozen=True):
    """Prism as a proxy before recorded answers."""

    port: int
    upstream: Upstream

    def judge(self, asked: Asked, reply: Reply) -> Judged:
        """Send the request, without the part of its path that an Enterprise Server adds, and return what is wrong."""
        (base,) = (base for base in _BASES if asked.path.startswith(base))
        self.upstream.reply = reply
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {name: value for name, value in asked.headers.items() if name not in _HOP_BY_HOP}
        target = asked.path.removeprefix(base) + (f"?{asked.query}" if asked.query else "")
        connection.request(asked.method, target, body=asked.body or None, headers=headers)
        answer = connection.getresponse()
        answer.read()
        violations: list[dict[str, Any]] = json.loads(answer.headers.get("sl-violations") or "[]")
        connection.close()
        said = [(each["location"][0], f"{'.'.join(each['location'])}: {each['message']}") for each in violations]
        return Judged(
            status=answer.status,
            request=[text for place, text in said if place == "request"],
            answer=[text for place, text in said if place != "request"],
        )


@contextlib.contextmanager
def running_prism(folder: Path) -> Iterator[Prism]:
    """Start Prism before an upstream of ours, and stop it by its process id at the end."""
    port = free_port()
    with Upstream() as upstream, (folder / "prism.log").open("wb") as log:
        command = [node(), str(PROGRAM), "proxy", str(HERE / "api.json"), upstream.address]
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait_until_it_answers(process, port, folder)
            yield Prism(port, upstream)
        finally:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        with contextlib.suppress(ConnectionError):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/")
                connection.getresponse().read()
            return
        if process.poll() is not None:
            break
        select.select([], [], [], 0.1)
    raise AssertionError(f"Prism did not start: {(folder / 'prism.log').read_text()[-2000:]}")
