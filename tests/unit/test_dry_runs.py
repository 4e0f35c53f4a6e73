"""A dry run shows what the real run would do, operation by operation, and what would become of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.core.entities.intents import intent_key, read_intent
from placet.core.entities.stored import required
from placet.core.lookup import find_runs
from placet.core.runs import stored_plan
from placet.domain.authorization.plan import Plan
from placet.domain.package.publish_request import PublishRequest
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode, OperationKind
from placet.errors import ApprovalsPendingError, InvalidInputError
from placet.usecases.publish_package import publish_package, rehearse_package
from placet.usecases.rehearse_release import Rehearsed, WouldShip, worst
from support.archives import manifest, member, package_json, tgz
from support.doubles import GivenAuthority
from support.installation import GOVERNING, POLICY, PUBLISHING, REQUESTER, TEAM
from support.world import World

TGZ = tgz(package_json(manifest("@acme/tool", "1.0.0")), member("package/index.js", b"1\n"))
FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")
REQUEST = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm", "files"))
STAGES = ("discover", "select", "verify", "evaluate", "plan", "authorize", "execute", "audit")


def rehearse(world: World, request: PublishRequest = REQUEST) -> Rehearsed:
    world.move(seconds=1)
    return world.run(rehearse_package(world.context, request, progress=lambda *_: None))


def publish(world: World) -> None:
    world.move(seconds=1)
    world.run(publish_package(world.context, REQUEST, progress=lambda *_: None))


def shape(*plans: Plan) -> list[tuple[object, ...]]:
    """Return what operations are, without what is made for them."""
    return [
        (each.operation_kind, each.subject, each.params.get("key"), each.preconditions)
        for plan in plans
        for each in plan.operations
    ]


def plans_of(world: World, mode: Mode) -> list[Plan]:
    (run,) = [each for each in world.run(find_runs(world.context, "@acme/tool@1.0.0")) if each.mode is mode]
    return [world.run(stored_plan(world.context, run.run_id, number)) for number in range(1, run.plans + 1)]


def test_a_dry_run_plans_the_operations_of_the_real_run() -> None:
    world = World(FREE)
    done = rehearse(world)
    publish(world)

    assert shape(*done.plans) == shape(*plans_of(world, Mode.PROD))
    assert [each.intended.operation.operation_kind.value for each in done.operations] == [
        "issue_certificate",
        "put_object",
        "put_object",
        "publish_package",
        "register_package",
    ]


def test_the_plan_carries_the_archive_as_it_was_packed_and_says_what_was_not_made() -> None:
    world = World(FREE)

    done = rehearse(world)

    archive = sha256(TGZ).removeprefix("sha256:")
    publishing = next(each for each in done.plan.operations if each.operation_kind is OperationKind.PUBLISH_PACKAGE)
    assert [each.sha256 for each in publishing.artifacts] == [archive]
    assert [each.intended.record.not_made for each in done.operations] == [
        ("certificate",),
        ("stamp",),
        ("certificate",),
        ("stamp",),
        ("signature",),
    ]
    assert done.not_made == ("certificate", "stamp", "signature")
    assert world.authority == GivenAuthority(issued=0)
    assert [each.certificate_id for each in done.plan.operations] == [""] * 4


def test_what_was_not_made_stands_in_the_entry_of_each_intent() -> None:
    world = World(FREE)
    done = rehearse(world)

    entries = world.entries("operation.intended")
    kept = [each.body.data["not_made"] for each in entries if isinstance(each.body.data, dict)]
    assert kept == [list(each.intended.record.not_made) for each in done.operations]
    assert [each.seq for each in entries] == [each.intended.seq for each in done.operations]


def test_an_intent_reads_back_as_it_was_kept() -> None:
    world = World(FREE)
    record = rehearse(world).operations[0].intended.record

    key = intent_key(record.operation_id)
    assert read_intent(required(world.load(key), key, "intent")) == record


def test_an_advisory_receipt_is_no_receipt_of_the_store() -> None:
    world = World(FREE)
    done = rehearse(world)

    for each in done.operations:
        with pytest.raises(Exception, match="there is no receipt"):
            world.receipt(each.intended.record.receipt_id)
    assert world.entries("receipt.issued") == []


def test_all_stages_are_shown_in_order_and_execute_is_blocked() -> None:
    done = rehearse(World(FREE))

    assert tuple(stage.name for stage in done.stages) == STAGES
    assert [stage.status for stage in done.stages] == ["done"] * 5 + ["advisory", "blocked_by_mode", "recorded"]
    assert done.policy_version == "v1"


def test_what_the_policy_allows_would_ship() -> None:
    assert rehearse(World(FREE)).would_ship is WouldShip.YES


def test_what_only_lacks_approvals_would_ship_after_them() -> None:
    done = rehearse(World())

    assert done.would_ship is WouldShip.AFTER_APPROVALS
    assert done.operations[0].would_ship is WouldShip.YES


def test_what_no_rule_certifies_would_not_ship_although_publishing_would() -> None:
    done = rehearse(World(TEAM + PUBLISHING + GOVERNING))

    assert done.would_ship is WouldShip.NO
    assert done.operations[0].intended.record.reasons[1].startswith("NO_RULE")


def test_a_version_that_stands_would_not_ship() -> None:
    world = World(FREE)
    publish(world)

    done = rehearse(world)

    assert done.would_ship is WouldShip.NO
    assert [seen.holds for each in done.operations for seen in each.observed] == [False]


def test_what_is_not_observed_is_not_known() -> None:
    world = World(FREE)
    world.double.facts["version"] = "unobserved"

    assert rehearse(world).would_ship is WouldShip.UNKNOWN


def test_a_confusable_name_is_refused_in_a_dry_run_too() -> None:
    world = World(FREE.replace("@acme/*", "@acme/**"))
    publish(world)
    other = tgz(package_json(manifest("@acme/too1", "1.0.0")))

    with pytest.raises(InvalidInputError, match="NAME_CONFUSABLE"):
        rehearse(world, replace(REQUEST, tgz=other))


def test_a_dry_run_stands_in_nobody_s_way() -> None:
    world = World()
    rehearse(world)
    with pytest.raises(ApprovalsPendingError):
        publish(world)


def test_the_worst_answer_counts() -> None:
    assert worst([WouldShip.YES, WouldShip.AFTER_APPROVALS]) is WouldShip.AFTER_APPROVALS
    assert worst([WouldShip.UNKNOWN, WouldShip.AFTER_APPROVALS]) is WouldShip.UNKNOWN
    assert worst([WouldShip.NO, WouldShip.UNKNOWN]) is WouldShip.NO
