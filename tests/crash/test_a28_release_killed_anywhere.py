"""`kill -9` at every request of a tag and its release: the release stands once, whole, adopted and finished."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from msgspec import Struct

from placet import bootstrap, config
from placet.core.runs import add_plan, open_run
from placet.demo.github_double import Fault
from placet.domain.values.kinds import Mode
from placet.facade import Placet
from placet.usecases.reconcile import reconcile
from placet.usecases.resume_run import resume_run
from placet.usecases.verify_ledger import verify_ledger
from support.effects import TOKEN
from support.github import ASSETS, MESSAGE, NOTES, Github, release_operation, running_github, tag_operation
from support.github_world import intent_of
from support.killing import DEADLINE_SECONDS, in_child

POLICY = Path(__file__).parent / "unlimited.toml"


class Releaser(Struct, frozen=True):
    """A trial installation that releases at the double, each run in a process of its own."""

    environment: dict[str, str]
    folder: Path
    github: Github

    @classmethod
    def found(cls, folder: Path, github: Github) -> Releaser:
        environment = {
            "HOME": str(folder),
            "PLACET_HOME": str(folder / "home"),
            "PLACET_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
            "PLACET_SETTLE_SECONDS": "0",
            "GITHUB_TOKEN": TOKEN,
        }

        async def work() -> None:
            settings = config.load(environment)
            await Placet.init(settings, profile="trial", name="acme")
            async with Placet.open(settings) as placet:
                add = placet.governance.add_provider
                await add("github", kind="github", url=github.double.url, credential="env:GITHUB_TOKEN")
                await placet.governance.activate_policy(POLICY.read_bytes())

        asyncio.run(work())
        return cls(environment, folder, github)

    def plan(self, tag: str) -> str:
        """Plan to tag the commit and release it, and return the run."""

        async def work() -> str:
            async with bootstrap.opened(config.load(self.environment)) as opened:
                for content in (MESSAGE, NOTES, *ASSETS.values()):
                    await opened.context.blobs.put(content)
                run = await open_run(
                    opened.context, mode=Mode.PROD, requester="person:local", subject=f"acme/tool@{tag}"
                )
                commit = self.github.commit
                operations = (tag_operation(commit, tag=tag), release_operation(commit, tag=tag))
                await add_plan(opened.context, run, [intent_of(each) for each in operations])
                return run.run_id

        return asyncio.run(work())

    async def resume(self, run_id: str) -> None:
        async with bootstrap.opened(config.load(self.environment)) as opened:
            await resume_run(opened.context, run_id)

    def kill_at(self, run_id: str, request: int, *, acts: bool) -> int:
        """Carry the run out in a process that is killed at that request, carried out or not; return how it ended."""
        child: SimpleQueue[int] = SimpleQueue()
        kill = Fault(method="", passing=request, acts=acts, happens=lambda: os.kill(child.get(), signal.SIGKILL))
        self.github.double.inject(kill)
        return in_child(lambda: self.resume(run_id), self.folder / f"{run_id}.killed", child.put)

    def again(self, run_id: str) -> None:
        """Resume the run, as a person would, until it is done."""
        log = self.folder / f"{run_id}.log"
        until = time.monotonic() + 10 * DEADLINE_SECONDS
        while in_child(lambda: self.resume(run_id), log) != 0:
            assert re.search("IN_PROGRESS|FENCE_LOST|RUN_CLOSED: .*executed", log.read_text()), log.read_text()
            if "RUN_CLOSED" in log.read_text():
                break
            assert time.monotonic() < until, log.read_text()

    def audit(self) -> tuple[object, list[object]]:
        async def work() -> tuple[object, list[object]]:
            async with bootstrap.opened(config.load(self.environment)) as opened:
                return (await verify_ledger(opened.ledger)).finding, list(await reconcile(opened.context))

        return asyncio.run(work())


@pytest.fixture
def releaser(tmp_path: Path) -> Iterator[Releaser]:
    with running_github() as github:
        yield Releaser.found(tmp_path, github)


def requests_of_a_release(releaser: Releaser) -> list[str]:
    """Carry one release out undisturbed and return the methods of its requests."""
    run_id = releaser.plan("v0.0.0")
    before = len(releaser.github.double.requests)
    asyncio.run(releaser.resume(run_id))
    return [method for method, _ in releaser.github.double.requests[before:]]


def killed_and_finished(releaser: Releaser, cases: list[tuple[int, bool]]) -> None:
    """Kill one release at each of these requests, finish all, and look at what stands."""
    runs = {f"v1.{number}.{int(acts)}": releaser.plan(f"v1.{number}.{int(acts)}") for number, acts in cases}
    for (number, acts), run_id in zip(cases, runs.values(), strict=True):
        assert releaser.kill_at(run_id, number, acts=acts) == -9
    for run_id in runs.values():
        releaser.again(run_id)

    made = releaser.github.effects("ref", "draft", "publish")
    for tag in ["v0.0.0", *runs]:
        (release,) = [each for each in releaser.github.repository.releases.values() if each["tag_name"] == tag]
        assert not release["draft"]
        assert {each["name"]: each["content"] for each in release["assets"].values()} == ASSETS
        assert [made[key] for key in (("ref", f"refs/tags/{tag}"), ("draft", tag), ("publish", tag))] == [1, 1, 1]
    assert releaser.audit() == (None, [])


def test_a_release_killed_when_one_of_its_writes_was_carried_out_is_adopted_and_finished(releaser: Releaser) -> None:
    methods = requests_of_a_release(releaser)
    writes = [(number, True) for number, method in enumerate(methods) if method != "GET"]

    assert len(writes) == 6
    killed_and_finished(releaser, writes)


@pytest.mark.slow
def test_a_release_killed_at_any_of_its_requests_is_adopted_and_finished(releaser: Releaser) -> None:
    methods = requests_of_a_release(releaser)
    cases = [(number, acts) for number, method in enumerate(methods) for acts in (True, False)[: 1 + (method != "GET")]]

    assert len(cases) == len(methods) + 6 > 20
    killed_and_finished(releaser, cases)
