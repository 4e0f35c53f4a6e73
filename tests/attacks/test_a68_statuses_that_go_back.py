"""A68: a status never goes back, and what was unpublished stays there: nothing is deleted and registered anew."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from placet.core.acts import report_registration
from placet.core.entities.registrations import Registration, read_registration, registration_key
from placet.core.entities.stored import required
from placet.core.execute import execute_plan
from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Value
from placet.domain.package.status import VersionStatus, check_first, check_transition
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError
from placet.usecases.report_event import Report, report_event
from support.installation import CERTIFYING, TEAM
from support.world import World

REPORTING = """\
[[rule]]
operations = ["register_package", "set_status"]
subjects = ["core:@acme/*"]
requesters = ["person:*"]
approvals = []
"""
TOOL = Subject(provider="core", name="@acme/tool", version="1.0.0", tag="")
STATUSES = st.sampled_from(VersionStatus)


class Statuses(RuleBasedStateMachine):
    """Reports one status after the other, and remembers all that ever stood."""

    def __init__(self) -> None:
        super().__init__()
        self.stood = [VersionStatus.CERTIFIED]

    @rule(wanted=STATUSES)
    def is_reported(self, wanted: VersionStatus) -> None:
        with suppress(DeniedError):
            check_transition(self.stood[-1], wanted)
            self.stood.append(wanted)

    @invariant()
    def nothing_is_certified_again(self) -> None:
        assert VersionStatus.CERTIFIED not in self.stood[1:]

    @invariant()
    def nothing_follows_on_unpublished(self) -> None:
        assert VersionStatus.UNPUBLISHED not in self.stood[:-1]

    @invariant()
    def nothing_is_deprecated_that_was_not_published(self) -> None:
        assert VersionStatus.DEPRECATED not in self.stood[:2]

    @invariant()
    def nothing_follows_on_itself(self) -> None:
        assert all(one is not other for one, other in zip(self.stood, self.stood[1:], strict=False))


TestStatuses = Statuses.TestCase
TestStatuses.settings = settings(max_examples=60, stateful_step_count=12)


def test_a_version_begins_as_certified_or_as_what_may_follow_at_once() -> None:
    check_first(VersionStatus.CERTIFIED)
    check_first(VersionStatus.PUBLISHED)
    check_first(VersionStatus.UNPUBLISHED)
    with pytest.raises(DeniedError, match="ILLEGAL_TRANSITION"):
        check_first(VersionStatus.DEPRECATED)


def registered(world: World, status: str) -> None:
    """Register the version, and lead it to a status by reports."""
    report = Report(event_type="package.published", package=TOOL.name, version=TOOL.version)
    params: dict[str, Value] = {
        report_registration.CERTIFICATE: world.certificate(),
        report_registration.EVENT: world.run(report_event(world.context, report, actor="person:alice")).event_id,
        report_registration.STATUS: "published",
    }
    done(world, OperationKind.REGISTER_PACKAGE, params)
    if status != "published":
        done(world, OperationKind.SET_STATUS, {"status": status})


def done(world: World, kind: OperationKind, params: dict[str, Value]) -> Any:
    intent = Intent(kind=kind, subject=TOOL, params=params)
    return world.run(ask(world.context, intent, requester="person:alice", contents={}))


def kept(world: World) -> Registration:
    key = registration_key(TOOL.name, TOOL.version)
    return read_registration(required(world.load(key), key, "registration"))


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        ("published", "certified"),
        ("published", "published"),
        ("deprecated", "certified"),
        ("unpublished", "certified"),
        ("unpublished", "published"),
        ("unpublished", "deprecated"),
    ],
)
def test_a68_a_rollback_is_refused_recorded_and_changes_nothing(standing: str, wanted: str) -> None:
    world = World(TEAM + CERTIFYING + REPORTING)
    registered(world, standing)
    before = kept(world)

    with world.refusing("ILLEGAL_TRANSITION"):
        done(world, OperationKind.SET_STATUS, {"status": wanted})

    assert kept(world) == before


def test_a68_what_was_unpublished_is_not_registered_anew() -> None:
    world = World(TEAM + CERTIFYING + REPORTING)
    registered(world, "unpublished")
    before = kept(world)
    params: dict[str, Value] = {
        report_registration.CERTIFICATE: before.certificate_id,
        report_registration.EVENT: before.event_id,
        report_registration.STATUS: "published",
    }

    with world.refusing("VERSION_EXISTS"):
        done(world, OperationKind.REGISTER_PACKAGE, params)

    assert kept(world) == before


def test_a68_a_rollback_that_is_decided_while_another_report_commits_is_decided_again() -> None:
    world = World(TEAM + CERTIFYING + REPORTING)
    registered(world, "published")
    deprecation = Intent(kind=OperationKind.SET_STATUS, subject=TOOL, params={"status": "deprecated"})
    plan = world.plan(deprecation, requester="person:alice")
    world.meanwhile(lambda: done(world, OperationKind.SET_STATUS, {"status": "unpublished"}))

    with pytest.raises(DeniedError, match="ILLEGAL_TRANSITION"):
        world.run(execute_plan(world.context, plan, actor="person:alice"))

    assert kept(world).status is VersionStatus.UNPUBLISHED
