"""What every executor behind the effect port keeps, whatever it writes to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from placet.adapters.live.port import LiveSideEffects
from placet.demo.npm_double import NpmDouble
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation
from placet.domain.encoding.canonical import encode
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Finding, Outcome, Presence
from support.effects import TOKEN, Fence, World, authorize, make_archive, publish_operation, put_operation
from support.github import Github, pull_operation, release_operation, running_github, tag_operation
from support.seaweed import ObjectStore

OURS = make_archive("@acme/tool", "1.0.0")
OTHERS = make_archive("@acme/tool", "1.0.0", description="other")


class Place(Struct, frozen=True):
    """Somewhere to write to: how an operation on some bytes is made, and how many effects stand."""

    world: World
    operation: Callable[[bytes], Operation]
    effects: Callable[[], int]
    sends: int = 1
    content_of: Callable[[bytes], bytes] = bytes

    def authorized(self, content: bytes) -> AuthorizedOperation:
        operation = self.operation(content)
        return authorize(operation, {artifact.name: self.content_of(content) for artifact in operation.artifacts})

    def perform(self, content: bytes = OURS) -> Outcome:
        return asyncio.run(self.port().perform(self.authorized(content)))

    def look_up(self, content: bytes = OURS) -> Finding:
        return asyncio.run(self.port().look_up(self.operation(content)))

    def port(self) -> LiveSideEffects:
        return self.world.port()


def an_object(content: bytes) -> Operation:
    return put_operation(content, key="packages/@acme/tool/1.0.0.tgz")


@contextlib.contextmanager
def npm(_: pytest.FixtureRequest, __: Path) -> Iterator[Place]:
    with NpmDouble(TOKEN) as double:
        world = World(npm_url=double.url)
        yield Place(world, publish_operation, lambda: double.effects("@acme/tool", "1.0.0"))


@contextlib.contextmanager
def folder(_: pytest.FixtureRequest, path: Path) -> Iterator[Place]:
    yield Place(World(folder=path), an_object, lambda: sum(each.is_file() for each in path.rglob("*")))


@contextlib.contextmanager
def s3(request: pytest.FixtureRequest, path: Path) -> Iterator[Place]:
    store: ObjectStore = request.getfixturevalue("seaweed")
    prefix = path.parent.name + path.name
    yield Place(World(bucket=store.provider(prefix)), an_object, lambda: len(store.objects(prefix)))


@contextlib.contextmanager
def tag_repo(_: pytest.FixtureRequest, __: Path) -> Iterator[Place]:
    with running_github() as github:
        yield _at_github("tag_repo", github)


@contextlib.contextmanager
def publish_release(_: pytest.FixtureRequest, __: Path) -> Iterator[Place]:
    with running_github() as github:
        yield _at_github("publish_release", github)


@contextlib.contextmanager
def open_pr(_: pytest.FixtureRequest, __: Path) -> Iterator[Place]:
    with running_github() as github:
        yield _at_github("open_pr", github)


@pytest.fixture(params=[npm, folder, s3, tag_repo, publish_release, open_pr])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with request.param(request, tmp_path) as made:
        yield made


_AT_GITHUB = {"tag_repo": ("ref", 2), "publish_release": ("publish", 3), "open_pr": ("pull", 1)}
"""What counts as the effect, and how many requests that act it takes."""


def _at_github(kind: str, github: Github) -> Place:
    """Return a place where the content stands as a tag's message, a release's asset or a pull request's text."""
    if kind == "publish_release":
        github.tagged()
    head, commit = github.with_branch(), github.commit

    def operation(content: bytes) -> Operation:
        text = content.hex().encode()
        if kind == "tag_repo":
            return tag_operation(commit, message=text)
        if kind == "open_pr":
            return pull_operation(head, text=text)
        return release_operation(commit, notes=text, assets={"tool.tgz": text})

    def effects() -> int:
        return sum(github.effects(_AT_GITHUB[kind][0]).values())

    return Place(
        github.world, operation, effects, sends=_AT_GITHUB[kind][1], content_of=lambda each: each.hex().encode()
    )


def test_an_effect_is_made_once_and_found_by_its_answer(place: Place) -> None:
    outcome = place.perform()

    assert (outcome.status, outcome.error_code, place.effects()) == (OutcomeStatus.EXECUTED, "", 1)
    assert outcome.response["found_by"] == "answer"


def test_the_same_effect_again_is_adopted_and_not_made(place: Place) -> None:
    outcomes = [place.perform() for _ in range(3)]

    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.EXECUTED] * 3
    assert [outcome.response["found_by"] for outcome in outcomes] == ["answer", "look_up", "look_up"]
    assert place.effects() == 1


def test_other_content_in_the_same_place_is_a_conflict_and_stays(place: Place) -> None:
    place.perform(OTHERS)
    outcome = place.perform(OURS)

    assert outcome.status is OutcomeStatus.CONFLICT
    assert outcome.error_code.endswith("_CONFLICT")
    assert (place.effects(), place.look_up(OTHERS).presence) == (1, Presence.SAME)


def test_a_look_up_tells_absent_same_and_other(place: Place) -> None:
    absent = place.look_up()
    place.perform()

    assert [absent.presence, place.look_up().presence, place.look_up(OTHERS).presence] == [
        Presence.ABSENT,
        Presence.SAME,
        Presence.OTHER,
    ]


def test_a_lost_fence_makes_no_effect(place: Place) -> None:
    place.world.fence = Fence(held=False)
    with pytest.raises(EffectError, match="FENCE_LOST"):
        place.perform()

    assert (place.effects(), place.look_up().presence) == (0, Presence.ABSENT)


def test_the_fence_is_asked_for_exactly_once_per_request_that_acts(place: Place) -> None:
    place.perform()

    assert place.world.fence.asked == place.sends


def test_what_was_answered_can_stand_in_an_entry(place: Place) -> None:
    executed, adopted, conflict = place.perform(), place.perform(), place.perform(OTHERS)

    for outcome in (executed, adopted, conflict):
        assert len(encode(outcome.response)) < 1000
        assert encode({"message": outcome.error_message})


def test_of_racing_sends_of_different_content_one_stands(place: Place) -> None:
    async def race() -> list[Outcome]:
        port = place.port()
        contents = [OURS, OTHERS] * 4
        return await asyncio.gather(*(port.perform(place.authorized(content)) for content in contents))

    statuses = [outcome.status for outcome in asyncio.run(race())]

    assert place.effects() == 1
    assert sorted(statuses) == [OutcomeStatus.CONFLICT] * 4 + [OutcomeStatus.EXECUTED] * 4
