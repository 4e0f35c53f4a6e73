"""A85 at GitHub: an answer is cut, lost, late, stale or a lie; each effect happens once and is judged right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest
from msgspec import Struct

from placet.adapters.egress.exchange import Egress
from placet.demo.github_double import Fault
from placet.domain.authorization.operation import Operation
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Outcome, Presence
from support.github import Github, pull_operation, release_operation, running_github, tag_operation

pytestmark = pytest.mark.thorough

KINDS = ("tag_repo", "publish_release", "open_pr")
MADE_ONCE = ("ref", "draft", "asset", "publish", "pull")
BEGINNINGS = {"tag_repo": "ref", "publish_release": "publish", "open_pr": "pull"}
MOST_REQUESTS = {"tag_repo": 4, "publish_release": 18, "open_pr": 7}
_CUTS = 56


class Attempt(Struct):
    """A fresh repository in which one operation is tried."""

    github: Github
    operation: Operation

    def perform(self) -> Outcome:
        return self.github.perform(self.operation)

    @property
    def stands(self) -> bool:
        """Whether the effect is there, whatever was answered."""
        kind = BEGINNINGS[self.operation.operation_kind.value]
        return any(times for (what, _), times in self.github.repository.effects.items() if what == kind)

    def check(self, outcome: Outcome) -> None:
        """Assert that nothing was made twice, that the outcome is true, and that it is put right later."""
        truths = {OutcomeStatus.EXECUTED: self.stands, OutcomeStatus.FAILED: not self.stands}
        assert truths.get(outcome.status, outcome.status is OutcomeStatus.INDETERMINATE), outcome
        assert self.github.look_up(self.operation).presence is (Presence.SAME if self.stands else Presence.ABSENT)
        assert self.perform().status is OutcomeStatus.EXECUTED
        made = self.github.effects(*MADE_ONCE)
        assert set(made.values()) == {1}, made


@contextmanager
def attempts(kind: str) -> Iterator[Callable[[], Attempt]]:
    """Serve a double; each call begins a fresh attempt there."""
    with running_github() as github:

        def fresh() -> Attempt:
            repository = github.repository
            for held in (repository.refs, repository.tags, repository.releases, repository.pulls, repository.effects):
                held.clear()
            github.commit = repository.commit("main")
            if kind == "publish_release":
                github.tagged()
            head = github.with_branch()
            operations = {
                "tag_repo": tag_operation(github.commit),
                "publish_release": release_operation(github.commit),
                "open_pr": pull_operation(head),
            }
            github.double.forget_faults()
            return Attempt(github, operations[kind])

        yield fresh


def every_cut(kind: str, requests: Iterable[int], cuts: int) -> int:
    """Cut the answers to these requests at so many places each; return the number of cases."""
    cases = 0
    with attempts(kind) as fresh:
        undisturbed = fresh()
        undisturbed.perform()
        lengths = [len(reply.encode({})) for _, reply in undisturbed.github.double.exchanges]
        assert len(lengths) == MOST_REQUESTS[kind]
        for request in requests:
            for number in range(cuts):
                attempt, cut = fresh(), number * lengths[request] // cuts
                attempt.github.double.inject(Fault(method="", passing=request, acts=True, cut_after=cut))
                attempt.check(attempt.perform())
                cases += 1
    return cases


@pytest.mark.parametrize("kind", KINDS)
def test_a85_each_answer_cut_before_its_first_byte_and_in_its_middle_is_one_effect_judged_right(kind: str) -> None:
    assert every_cut(kind, range(MOST_REQUESTS[kind]), 2) == 2 * MOST_REQUESTS[kind]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "request_number"), [(kind, number) for kind, most in MOST_REQUESTS.items() for number in range(most)]
)
def test_a85_each_answer_cut_at_many_bytes_is_one_effect_judged_right(kind: str, request_number: int) -> None:
    assert every_cut(kind, [request_number], _CUTS) == _CUTS


def test_a85_the_cuts_are_at_least_fifteen_hundred() -> None:
    assert sum(MOST_REQUESTS.values()) * _CUTS >= 1500


LIES: dict[str, Callable[[int], Fault]] = {
    "502 after acting": lambda request: Fault(method="", passing=request, acts=True, status=502),
    "502 without acting": lambda request: Fault(method="", passing=request, status=502),
    "500 that says it is JSON": lambda request: Fault(method="", passing=request, status=500, body=b"{}"),
    "404 of a lost right": lambda request: Fault(
        method="", passing=request, status=404, body=b'{"message":"Not Found"}'
    ),
    "an empty list": lambda request: Fault(method="GET", passing=request, acts=True, status=200, body=b"[]"),
    "an empty object": lambda request: Fault(method="GET", passing=request, acts=True, status=200, body=b"{}"),
    "half an object": lambda request: Fault(method="", passing=request, acts=True, status=200, body=b'{"id": 1, "sha'),
    "no JSON": lambda request: Fault(method="", passing=request, acts=True, status=200, body=b"<html>"),
    "a key twice": lambda request: Fault(
        method="", passing=request, acts=True, status=200, body=b'{"full_name":"acme/tool","full_name":"x/y"}'
    ),
    "an answer out of a cache": lambda request: Fault(method="GET", passing=request, acts=True, headers={"age": "60"}),
    "a redirect": lambda request: Fault(
        method="", passing=request, status=307, headers={"location": "http://127.0.0.1:9/"}
    ),
    "a limit": lambda request: Fault(method="", passing=request, status=429, headers={"retry-after": "600"}),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a85_a_lie_in_the_place_of_any_answer_is_one_effect_judged_right(kind: str, lie: str) -> None:
    with attempts(kind) as fresh:
        for request in range(MOST_REQUESTS[kind]):
            attempt = fresh()
            attempt.github.double.inject(LIES[lie](request))
            outcome = attempt.perform()
            attempt.github.double.forget_faults()
            attempt.check(outcome)


@pytest.mark.parametrize("kind", KINDS)
def test_a85_a_yes_later_than_the_deadline_is_one_effect_judged_right(kind: str) -> None:
    last = {"tag_repo": "/git/refs", "publish_release": "/releases/1", "open_pr": "/pulls"}[kind]
    method = "PATCH" if kind == "publish_release" else "POST"
    with attempts(kind) as fresh:
        attempt = fresh()
        attempt.github.double.inject(Fault(method=method, path=last, acts=True, hold=threading.Event()))
        outcome = attempt.github.perform(attempt.operation, seconds=0.5)

        assert (outcome.status, outcome.response["found_by"]) == (OutcomeStatus.EXECUTED, "look_up")
        attempt.check(outcome)


@pytest.mark.parametrize("kind", KINDS)
def test_a85_a_lost_read_right_is_unknown_and_never_absent(kind: str) -> None:
    with attempts(kind) as fresh:
        attempt = fresh()
        found = [attempt.github.look_up(attempt.operation).presence]
        attempt.github.repository.readable = False
        found += [attempt.github.look_up(attempt.operation).presence]

    assert found == [Presence.ABSENT, Presence.UNKNOWN]


def test_a85_a_lost_right_to_push_hides_drafts_and_is_unknown() -> None:
    with attempts("publish_release") as fresh:
        attempt = fresh()
        attempt.github.double.inject(Fault(method="PATCH", status=401))
        attempt.perform()
        found = [attempt.github.look_up(attempt.operation).presence]
        attempt.github.repository.may_push = False
        found += [attempt.github.look_up(attempt.operation).presence]

    assert found == [Presence.ABSENT, Presence.UNKNOWN]


def test_a85_assets_that_are_not_shown_after_publishing_are_a_doubt_and_no_conflict() -> None:
    with attempts("publish_release") as fresh:
        attempt = fresh()
        stale = Fault(method="GET", path="/assets", passing=2, times=4, acts=True, status=200, body=b"[]")
        attempt.github.double.inject(stale)
        outcome = attempt.perform()

        assert (outcome.status, stale.times) == (OutcomeStatus.INDETERMINATE, 0)
        attempt.check(outcome)


@pytest.mark.parametrize("kind", KINDS)
def test_a85_a_name_that_leads_astray_after_any_request_is_one_effect_judged_right(kind: str) -> None:
    with attempts(kind) as fresh:
        for request in range(1, MOST_REQUESTS[kind] + 1):
            attempt, left = fresh(), iter(range(request))
            before = attempt.github.sent()

            async def resolve(host: str, port: int, left: Iterator[int] = left) -> list[str]:  # noqa: ARG001 - as asked
                return ["127.0.0.1"] if next(left, None) is not None else ["169.254.169.254"]

            world, honest = attempt.github.world, attempt.github.world.egress
            world.github_url = world.github_url.replace("127.0.0.1", "localhost")
            world.egress = Egress(resolver=resolve)
            try:
                outcome = attempt.perform()
            except EffectError as error:  # as the port may, where nothing was sent
                outcome = Outcome(status=OutcomeStatus.FAILED, error_code=error.code)
                assert attempt.github.sent() == before
            world.egress = honest
            attempt.check(outcome)
