"""Two services of one home are asked for the same receipts, many times at once: each is spent once, for one effect."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from msgspec import Struct, field

from placet import config
from placet.facade import Placet
from support.effects import TOKEN
from support.github import NAME, Github, running_github
from support.service import Service, serving
from support.shell import Shell

POLICY = Path(__file__).parent / "unlimited.toml"
ASKED_FOR = 20
"""How often each receipt is asked for."""
CONNECTIONS = 40
"""Of all clients, half at either service."""
TOO_LATE = {"IN_PROGRESS"}
"""How somebody is told that another has it: documented, and safe to repeat."""


class Planned(Struct, frozen=True, kw_only=True):
    """A run that would make one tag, and the receipt that stands for it."""

    run_id: str
    receipt_id: str
    tag: str


class Told(Struct):
    """What clients were answered, by run."""

    answers: defaultdict[str, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, run_id: str, status: int, content: bytes) -> None:
        with self.lock:
            self.answers[run_id].append((status, json.loads(content)))
            told = sum(map(len, self.answers.values()))
        if told % 1000 == 0:
            print(f"{told} answers")  # noqa: T201 - it takes minutes: whoever watches sees that it goes on

    @property
    def statuses(self) -> Counter[int]:
        return Counter(status for answers in self.answers.values() for status, _ in answers)

    @property
    def refusals(self) -> set[str]:
        """Return every code of what was no success."""
        return {told["error_code"] for answers in self.answers.values() for status, told in answers if status != 200}


@pytest.fixture
def github() -> Iterator[Github]:
    with running_github() as running:
        yield running


@pytest.mark.parametrize("receipts", [8, pytest.param(500, marks=pytest.mark.slow)])
def test_receipts_that_two_services_are_hammered_for_are_each_spent_once(
    tmp_path: Path, github: Github, receipts: int
) -> None:
    shell = Shell(tmp_path, {"PLACET_RATE_PER_KEY": "0", "PLACET_DEADLINE_SECONDS": "60", "GITHUB_TOKEN": TOKEN})
    key = asyncio.run(found(shell, github))
    planned = asyncio.run(prepared(shell, github, receipts))

    with serving(shell) as one, serving(shell) as other:
        told = hammered((one, other), key, planned)

    assert told.statuses.keys() <= {200, 409}
    assert sum(told.statuses.values()) == receipts * ASKED_FOR
    assert told.refusals <= TOO_LATE
    assert {run_id: spent(answers) for run_id, answers in told.answers.items()} == {
        each.run_id: {each.receipt_id} for each in planned
    }
    assert github.effects("ref") == {("ref", f"refs/tags/{each.tag}"): 1 for each in planned}
    assert Counter(github.sent()) == {("POST", "/git/tags"): receipts, ("POST", "/git/refs"): receipts}
    kept, verified = asyncio.run(left_in(shell, planned))
    assert kept == {each.receipt_id: ("executed", ["issued", "reserved", "executed"]) for each in planned}
    assert verified is True


def spent(answers: Sequence[tuple[int, Any]]) -> set[str]:
    """Return the receipts that the successes among these answers name."""
    return {receipt for status, told in answers if status == 200 for receipt in told["receipts"]}


async def found(shell: Shell, github: Github) -> str:
    """Make an installation that lets `person:local` do without approvals whatever it wants; return an API key."""
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with Placet.open(settings) as placet:
        add = placet.governance.add_provider
        await add("github", kind="github", url=github.double.url, credential="env:GITHUB_TOKEN")
        key = str((await placet.keys.create("test", "person:local", ("*=*",)))["key"])
        await placet.governance.activate_policy(POLICY.read_bytes())  # which makes no more keys
    return key


async def prepared(shell: Shell, github: Github, receipts: int) -> list[Planned]:
    """Plan that many tags, each in a run of its own, and have the receipt of each issued."""
    planned = []
    async with Placet.open(config.load(shell.environment())) as placet:
        for number in range(receipts):
            tag = f"v1.0.{number}"
            run_id = str((await placet.planning.create_posted({"operation": [tagging(github, tag)]}))["run_id"])
            receipt = await placet.receipts.request(f"{run_id}/1/1")
            planned.append(Planned(run_id=run_id, receipt_id=str(receipt["receipt_id"]), tag=tag))
    return planned


def tagging(github: Github, tag: str) -> dict[str, Any]:
    """Return the operation that makes a tag, as it is posted: only where there is none."""
    return {
        "kind": "tag_repo",
        "provider": "github",
        "name": NAME,
        "tag": tag,
        "message": f"tool {tag}",
        "preconditions": [{"fact": f"tag:{tag}", "expected": "absent"}],
        "params": {
            "commit_sha": github.commit,
            "tagger_name": "Placet",
            "tagger_email": "placet@example.com",
            "tagged_at": "2026-01-02T03:04:05.000Z",
        },
    }


def hammered(services: tuple[Service, Service], key: str, planned: Sequence[Planned]) -> Told:
    """Let clients of both services ask for every receipt again and again, the same ones at the same time."""
    told, failed = Told(), SimpleQueue[BaseException]()
    queues: tuple[SimpleQueue[str], ...] = (SimpleQueue(), SimpleQueue())
    for each in planned:
        for queue in queues * (ASKED_FOR // len(queues)):
            queue.put(each.run_id)
    clients = [
        threading.Thread(target=ask_on_and_on, args=(service, key, queue, told, failed))
        for service, queue in zip(services, queues, strict=True)
        for _ in range(CONNECTIONS // len(services))
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    with contextlib.suppress(Empty):
        raise failed.get_nowait()
    return told


def ask_on_and_on(
    service: Service, key: str, wanted: SimpleQueue[str], told: Told, failed: SimpleQueue[BaseException]
) -> None:
    """Have runs go on over one connection, until nothing is left to ask for."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)
    sent = {"X-API-Key": key, "Content-Type": "application/json"}
    with contextlib.closing(connection), contextlib.suppress(Empty):
        try:
            while True:
                run_id = wanted.get_nowait()
                connection.request("POST", f"/api/v1/runs/{run_id}/resume", b"{}", sent)
                answer = connection.getresponse()
                told.note(run_id, answer.status, answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            failed.put(error)


async def left_in(shell: Shell, planned: Sequence[Planned]) -> tuple[dict[str, tuple[str, list[str]]], object]:
    """Return each receipt's state and life, and whether the ledger verifies."""
    async with Placet.open(config.load(shell.environment())) as placet:
        shown = [await placet.receipts.show(each.receipt_id) for each in planned]
        kept = {
            str(each["receipt_id"]): (
                str(each["state"]),
                [str(entry["type"]).removeprefix("receipt.") for entry in lives(each)],
            )
            for each in shown
        }
        return kept, (await placet.ledger.verify())["verified"]


def lives(receipt: Any) -> list[Any]:
    return list(receipt["life"])
