"""What becomes of a core operation that is asked for on its own (protocol 6)."""

from __future__ import annotations

import pytest

from placet.core.governed import Asked, ask
from placet.core.lookup import list_runs
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import ApprovalsPendingError, DeniedError, InvalidInputError, NotFoundError
from support.installation import GOVERNING, POLICY, TEAM
from support.world import World

APPROVED = GOVERNING.replace("approvals = []", 'approvals = [{ group = "security", count = 1, assurance = 2 }]')


def enrolment(principal_id: str) -> Intent:
    return Intent(
        kind=OperationKind.ENROL_PRINCIPAL,
        subject=Subject(provider="core", name=principal_id, version="", tag=""),
        params={"public_keys": list[Value](), "on_behalf_of": ""},
    )


def asked(world: World, principal_id: str, requester: str = "person:alice") -> Asked:
    return world.run(ask(world.context, enrolment(principal_id), requester=requester, contents={}))


def states(world: World) -> list[str]:
    return [each.state.value for each in world.run(list_runs(world.context))]


def test_what_the_policy_allows_is_performed_at_once_and_its_run_ends() -> None:
    world = World()

    done = asked(world, "ci:github:acme/other")

    assert done.report.response == {"principal_id": "ci:github:acme/other"}
    assert states(world) == ["executed"]


def test_what_needs_approvals_is_planned_and_its_run_stays_open() -> None:
    world = World(TEAM + APPROVED)

    with pytest.raises(ApprovalsPendingError, match="waits for approvals"):
        asked(world, "ci:github:acme/other")

    assert states(world) == ["planned"]


def test_what_no_rule_allows_is_denied_and_its_run_ends() -> None:
    world = World(POLICY)

    with pytest.raises(DeniedError, match="NO_RULE"):
        asked(world, "ci:github:acme/other", requester="service:nightly")

    assert states(world) == ["abandoned"]


@pytest.mark.parametrize("name", ["nobody", "person:with space", "agent:alone"])
def test_what_cannot_be_performed_leaves_no_open_run(name: str) -> None:
    world = World()

    with pytest.raises(InvalidInputError):
        asked(world, name)

    assert states(world) == ["abandoned"]


def test_what_is_about_nobody_names_whom_and_leaves_no_open_run() -> None:
    """Else enrolling the same name later would let it be resumed."""
    world = World()
    subject = Subject(provider="core", name="person:mallory", version="", tag="")
    params: dict[str, Value] = {"disabled": True, "on_behalf_of": ""}

    with pytest.raises(NotFoundError, match="person:mallory"):
        world.run(
            ask(
                world.context,
                Intent(kind=OperationKind.CHANGE_ROLE, subject=subject, params=params),
                requester="person:alice",
                contents={},
            )
        )

    assert states(world) == ["abandoned"]


@pytest.mark.parametrize("param", [{"tar_sha256": "sha256:" + "0" * 64}, {"key_origin": "somewhere"}, {}])
def test_a_certificate_is_not_issued_for_what_it_cannot_say_or_without_a_request(param: dict[str, Value]) -> None:
    world = World()
    good: dict[str, Value] = {"key_origin": "csr", "tar_sha256": "0" * 64}
    intent = Intent(
        kind=OperationKind.ISSUE_CERTIFICATE,
        subject=Subject(provider="core", name="@acme/tool", version="1.0.0", tag=""),
        params={**good, **param},
    )

    with pytest.raises(InvalidInputError, match="PLAN_INVALID"):
        world.run(ask(world.context, intent, requester="person:alice", contents={}))

    assert states(world) == ["abandoned"]
