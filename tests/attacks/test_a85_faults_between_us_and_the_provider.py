"""A85: every answer cut at every byte, requests and answers lost, doubled, replaced by lies.

One row of `ROADS` is one executor with a provider of its own behind the fault proxy; another one
is tried by adding its row. Whatever happens on the way: at most one effect, and what is recorded
is true or `indeterminate`, and put right by the look-up of the reconciler once the way is clear.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from placet.adapters.live.port import LiveSideEffects
from placet.demo.npm_double import NpmDouble
from placet.domain.authorization.operation import Operation
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import PlacetError
from placet.ports.effects import Outcome, Presence
from support.effects import TOKEN, World, authorize, make_archive, publish_operation, put_operation
from support.fault_proxy import Fault, FaultProxy, cut, fault_proxy, lie, method, number, replay
from support.seaweed import ObjectStore

pytestmark = pytest.mark.thorough

THINNED = 13
"""Every so many bytes an answer is cut: a few hundred cases; the slow test has well over a thousand more."""
DENSE = 3


class Road(Struct, frozen=True):
    """The way of one executor to its provider: what is sent, and what stands there afterwards."""

    upstream: str
    world: Callable[[str], World]
    operation: Callable[[str, bytes], Operation]
    artifact: str
    effects: Callable[[str], Awaitable[int]]

    def content(self, version: str) -> bytes:
        return make_archive(name_of(version), version)


def name_of(version: str) -> str:
    """Return a package of its own for each trip: no answer grows with the trips before it."""
    return f"@acme/tool-{version.replace('.', '-')}"


@contextlib.contextmanager
def npm(_: pytest.FixtureRequest, __: Path) -> Iterator[Road]:
    with NpmDouble(TOKEN) as double:

        async def effects(version: str) -> int:
            return double.effects(name_of(version), version)

        yield Road(
            double.url,
            lambda url: World(npm_url=url),
            lambda version, content: publish_operation(content, name=name_of(version), version=version),
            "archive.tgz",
            effects,
        )


@contextlib.contextmanager
def s3(request: pytest.FixtureRequest, path: Path) -> Iterator[Road]:
    store: ObjectStore = request.getfixturevalue("seaweed")
    prefix = path.parent.name + path.name

    async def effects(version: str) -> int:
        return await store.count(f"{prefix}/packages/{name_of(version)}", f"{version}.")

    yield Road(
        store.url,
        lambda url: World(bucket=store.provider(prefix, url=url)),
        lambda version, content: put_operation(
            content, key=f"packages/{name_of(version)}/{version}.tgz", name=name_of(version), version=version
        ),
        "object",
        effects,
    )


ROADS = [npm, s3]
SENDING = method("PUT", "POST", "PATCH")
LIES = {
    "500 after success": lie("500 Internal Server Error", SENDING),
    "502 after success": lie("502 Bad Gateway", SENDING),
    "503 after success": lie("503 Service Unavailable", SENDING),
    "504 after success": lie("504 Gateway Timeout", SENDING),
    "403 after success": lie("403 Forbidden", SENDING),
    "404 after success": lie("404 Not Found", SENDING),
    "409 after success": lie("409 Conflict", SENDING),
    "412 after success": lie("412 Precondition Failed", SENDING),
    "500 without acting": lie("500 Internal Server Error", SENDING, forwarded=0),
    "403 without acting": lie("403 Forbidden", SENDING, forwarded=0),
    "404 without acting": lie("404 Not Found", SENDING, forwarded=0),
    "409 without acting": lie("409 Conflict", SENDING, forwarded=0),
    "412 without acting": lie("412 Precondition Failed", SENDING, forwarded=0),
    "200 without acting": lie("200 OK", SENDING, forwarded=0),
    "201 without acting": lie("201 Created", SENDING, forwarded=0),
    "reads answer 404": lie("404 Not Found", method("GET", "HEAD")),
    "reads answer 403": lie("403 Forbidden", method("GET", "HEAD")),
    "reads answer 401": lie("401 Unauthorized", method("GET", "HEAD")),
    "reads answer 429": lie("429 Too Many Requests", method("GET", "HEAD")),
    "reads answer 500": lie("500 Internal Server Error", method("GET", "HEAD")),
    "reads answer nothing": lie("200 OK", method("GET", "HEAD")),
    "everything answers 404": lie("404 Not Found"),
    "everything answers 302": lie("302 Found\r\nlocation: http://127.0.0.1:9/"),
    "the request arrives twice": Fault(matches=SENDING, forwarded=2),
    "every request arrives twice": Fault(forwarded=2),
    "the answer comes twice": Fault(answer=lambda content: content + content),
    "the answer has a stranger's behind it": Fault(answer=lambda content: content + b"HTTP/1.1 200 OK\r\n\r\n"),
    "the answer never comes": Fault(matches=SENDING, silent=True),
    "the request is lost and nobody answers": Fault(matches=SENDING, forwarded=0, silent=True),
}


@pytest.fixture(params=ROADS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Road]:
    with request.param(request, tmp_path) as made:
        yield made


class Trip(Struct, dict=True):
    """One effect on its way through one fault, and what can be said of it."""

    road: Road
    proxy: FaultProxy
    version: str

    def __post_init__(self) -> None:
        self.content = self.road.content(self.version)
        self.operation = self.road.operation(self.version, self.content)

    async def perform(self, fault: Fault, *, seconds: float = 30) -> Outcome:
        """Send, through the fault."""
        self.proxy.expect(fault)
        authorized = authorize(self.operation, {self.road.artifact: self.content}, seconds=seconds)
        try:
            return await self._port().perform(authorized)
        except PlacetError as error:  # the Core records it as failed: the port raises only where nothing was sent
            return Outcome(status=OutcomeStatus.FAILED, error_code=error.code)

    async def look_up(self, fault: Fault) -> Presence:
        """Look, through the fault."""
        self.proxy.expect(fault)
        return (await self._port().look_up(self.operation)).presence

    async def untruth(self, fault: Fault, *, seconds: float = 30) -> str:
        """Return what was wrong about one trip, empty where all was right."""
        outcome = await self.perform(fault, seconds=seconds)
        sent = sum(fault.matches(line, place) or SENDING(line, place) for place, line in enumerate(self.proxy.lines))
        effects = await self.road.effects(self.version)
        corrected = await self.look_up(Fault())
        truth = {0: (OutcomeStatus.FAILED, Presence.ABSENT), 1: (OutcomeStatus.EXECUTED, Presence.SAME)}
        if effects not in truth:
            return f"{effects} effects"
        status, presence = truth[effects]
        if outcome.status not in {status, OutcomeStatus.INDETERMINATE}:
            return f"{outcome.status.value} ({outcome.error_code}) with {effects} effects, {sent} requests"
        return "" if corrected is presence else f"looked up {corrected.value} with {effects} effects"

    def _port(self) -> LiveSideEffects:
        return self.road.world(self.proxy.url).port()


async def answers_of(road: Road, proxy: FaultProxy, *, looking: bool = False) -> list[bytes]:
    """Return every answer of a trip without faults: of a look-up of what is absent, or of performing."""
    trip = Trip(road, proxy, "0.0.1")
    if looking:
        await trip.look_up(Fault())
    else:
        assert (await trip.perform(Fault())).status is OutcomeStatus.EXECUTED
    return list(proxy.answers)


async def cut_everywhere(road: Road, step: int) -> dict[str, str]:
    """Cut each answer of a whole trip at each `step`-th byte; return what came out wrong."""
    wrong: dict[str, str] = {}
    async with fault_proxy(road.upstream) as proxy:
        for request, answer in enumerate(await answers_of(road, proxy)):
            for at in range(0, len(answer), step):
                trip = Trip(road, proxy, f"{request + 1}.{at}.0")
                untruth = await trip.untruth(cut(at, number(request)))
                wrong |= {f"answer {request} cut at {at}": untruth} if untruth else {}
    return wrong


async def cut_look_ups(road: Road, step: int) -> dict[str, Presence]:
    """Cut each answer of look-ups; return what was believed and should not have been."""
    believed: dict[str, Presence] = {}
    async with fault_proxy(road.upstream) as proxy:
        absent = await answers_of(road, proxy, looking=True)
        there = Trip(road, proxy, "0.0.2")
        await there.perform(Fault())
        await there.look_up(Fault())
        present = list(proxy.answers)
        for trip, answers, truth in (
            (Trip(road, proxy, "0.0.1"), absent, Presence.ABSENT),
            (there, present, Presence.SAME),
        ):
            for request, answer in enumerate(answers):
                for at in range(0, len(answer), step):
                    found = await trip.look_up(cut(at, number(request)))
                    if found not in {truth, Presence.UNKNOWN}:
                        believed[f"{truth.value}, answer {request} cut at {at}"] = found
    return believed


def test_a85_every_answer_cut_leaves_one_effect_and_the_truth(road: Road) -> None:
    assert asyncio.run(cut_everywhere(road, THINNED)) == {}


def test_a85_a_cut_look_up_is_believed_in_nothing(road: Road) -> None:
    assert asyncio.run(cut_look_ups(road, THINNED)) == {}


@pytest.mark.slow
def test_a85_every_answer_cut_at_every_third_byte_leaves_one_effect_and_the_truth(road: Road) -> None:
    assert asyncio.run(cut_everywhere(road, DENSE)) == {}
    assert asyncio.run(cut_look_ups(road, DENSE)) == {}


@pytest.mark.parametrize("name", LIES)
def test_a85_a_lie_on_the_way_changes_neither_the_effects_nor_the_truth(road: Road, name: str) -> None:
    async def run() -> str:
        async with fault_proxy(road.upstream) as proxy:
            return await Trip(road, proxy, "1.0.0").untruth(LIES[name], seconds=1.5 if LIES[name].silent else 30)

    assert asyncio.run(run()) == ""


def test_a85_a_request_cut_on_its_way_makes_no_effect_and_is_never_called_executed(road: Road) -> None:
    async def run() -> dict[int, str]:
        async with fault_proxy(road.upstream) as proxy:
            cuts = (0, 1, 100, 300, 500, 600)
            trips = [(at, Trip(road, proxy, f"1.0.{at}")) for at in cuts]
            return {at: await trip.untruth(Fault(matches=SENDING, cut_request=at)) for at, trip in trips}

    assert {at: untruth for at, untruth in asyncio.run(run()).items() if untruth} == {}


def test_a85_an_answer_that_is_stale_changes_nothing(road: Road) -> None:
    async def run() -> list[str]:
        async with fault_proxy(road.upstream) as proxy:
            before = (await answers_of(road, proxy, looking=True))[0]
            trip = Trip(road, proxy, "1.0.0")
            untruths = [await trip.untruth(replay(before, method("GET")))]
            after = (await answers_of(road, proxy))[0]
            return [*untruths, await Trip(road, proxy, "1.0.1").untruth(replay(after, SENDING))]

    assert asyncio.run(run()) == ["", ""]


def test_a85_an_effect_in_doubt_is_found_later_and_not_sent_again(road: Road) -> None:
    async def run() -> tuple[Outcome, list[str], Presence, int]:
        async with fault_proxy(road.upstream) as proxy:
            trip = Trip(road, proxy, "1.0.0")
            outcome = await trip.perform(lie("500 Internal Server Error"))
            sent = [line for place, line in enumerate(proxy.lines) if SENDING(line, place)]
            return outcome, sent, await trip.look_up(Fault()), await road.effects("1.0.0")

    outcome, sent, found, effects = asyncio.run(run())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS")
    assert (len(sent), found, effects) == (1, Presence.SAME, 1)
