"""Operations that somebody wrote down stand in one plan, in order, under one set of approvals."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from placet.core.entities.registrations import registration_key
from placet.core.entities.runs import RunState
from placet.core.entities.stored import entity_of
from placet.core.lookup import find_runs
from placet.core.runs import stored_run
from placet.domain.authorization.plan_file import parse_plan_file
from placet.domain.package.publish_request import PublishRequest
from placet.errors import ConfigurationError, DeniedError, InvalidInputError
from placet.usecases.collect_evidence import collect_evidence
from placet.usecases.create_plan import Planned, PlanRequest, create_plan, rehearse_plan
from placet.usecases.publish_package import publish_package
from placet.usecases.rehearse_release import Rehearsed, WouldShip
from placet.usecases.resume_run import finish_run, resume_run
from support.archives import manifest, member, package_json, tgz
from support.installation import POLICY, REQUESTER
from support.world import World

TGZ = tgz(package_json(manifest("@acme/tool", "1.0.0")), member("package/index.js", b"1\n"))
FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")
RELEASE = """
[package]
path = "tool"
[[operation]]
kind = "put_object"
provider = "files"
artifact = "tarball"
[[operation]]
kind = "put_object"
provider = "files"
artifact = "certificate"
[[operation]]
kind = "publish_package"
provider = "npm"
[[operation]]
kind = "put_object"
provider = "files"
params = { key = "packages/@acme/tool/1.0.0.md" }
artifacts = [{ file = "notes.md" }]
[[operation]]
kind = "put_object"
provider = "files"
params = { key = "packages/@acme/tool/1.0.0.json" }
artifacts = [{ made = "statement", name = "signed.json" }]
"""
ALONE = """
[[operation]]
kind = "put_object"
provider = "files"
name = "@acme/tool"
version = "1.0.0"
params = { key = "packages/@acme/tool/1.0.0.md" }
artifacts = [{ file = "notes.md" }]
"""
NOTES: Mapping[str, bytes] = {"notes.md": b"what is new\n"}


def request(text: str, contents: Mapping[str, bytes] = NOTES) -> PlanRequest:
    file = parse_plan_file(text.encode())
    return PlanRequest(file=file, tgz=TGZ if file.package else b"", contents=contents, requester=REQUESTER)


def create(world: World, text: str = RELEASE, contents: Mapping[str, bytes] = NOTES) -> Planned:
    world.move(seconds=1)
    return world.run(create_plan(world.context, request(text, contents), progress=lambda *_: None))


def rehearse(world: World, text: str = RELEASE) -> Rehearsed:
    world.move(seconds=1)
    return world.run(rehearse_plan(world.context, request(text), progress=lambda *_: None))


def shape(done: Planned | Rehearsed) -> list[tuple[object, ...]]:
    return [(each.operation_kind, each.subject, dict(each.params)) for each in done.plan.operations]


def test_one_plan_has_all_of_it_in_order_and_the_registration_behind_what_it_registers() -> None:
    planned = create(World())

    assert [(each.operation_kind.value, each.params.get("key", "")) for each in planned.plan.operations] == [
        ("put_object", "packages/@acme/tool/1.0.0.tgz"),
        ("put_object", "packages/@acme/tool/1.0.0.tgz.cert.pem"),
        ("publish_package", ""),
        ("register_package", ""),
        ("put_object", "packages/@acme/tool/1.0.0.md"),
        ("put_object", "packages/@acme/tool/1.0.0.json"),
    ]
    assert [each.artifacts[0].name for each in planned.plan.operations] == [
        "1.0.0.tgz",
        "1.0.0.tgz.cert.pem",
        "1.0.0.tgz",
        "statement.dsse.json",
        "notes.md",
        "signed.json",
    ]
    assert {each.certificate_id for each in planned.plan.operations} == {planned.run.certificate_id}


def test_nothing_is_performed_by_planning() -> None:
    world = World(FREE)

    assert create(world).run.state is RunState.PLANNED
    assert world.double.sent == []


def test_one_approval_lets_all_of_it_be_carried_out_and_it_verifies() -> None:
    world = World()
    planned = create(world)
    world.approved(planned.plan)

    carried = world.run(resume_run(world.context, planned.run.run_id))

    assert [each.state.value for each in carried.reports] == ["executed"] * 6
    assert len(world.double.sent) == 5
    assert world.run(collect_evidence(world.context, planned.run.run_id)).startswith(b'{"certificates"')
    key = registration_key("@acme/tool", "1.0.0")
    assert entity_of(world.load(key), key) is not None


def test_the_same_file_again_meets_the_same_run_and_changes_nothing() -> None:
    world = World(FREE)
    first = create(world)
    world.run(resume_run(world.context, first.run.run_id))
    sent = len(world.double.sent)

    again = create(world)
    carried = world.run(finish_run(world.context, again.run))

    assert again.run.run_id == first.run.run_id
    assert [each.state.value for each in carried.reports] == ["executed"] * 6
    assert len(world.double.sent) == sent


def test_another_file_about_the_same_bytes_is_refused() -> None:
    world = World()
    create(world)

    with pytest.raises(DeniedError, match="RUN_DIFFERS: an open run publishes these bytes otherwise: its operations"):
        create(world, contents={"notes.md": b"other\n"})
    with pytest.raises(DeniedError, match="RUN_DIFFERS"):
        create(world, RELEASE + ALONE)


def test_publish_and_the_file_that_says_the_same_meet_the_same_run() -> None:
    world = World()
    same = RELEASE[: RELEASE.index("[[operation]]", RELEASE.index("publish_package"))]
    planned = create(world, same)
    world.approved(planned.plan)

    asked = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm", "files"))
    carried = world.run(publish_package(world.context, asked, progress=lambda *_: None))

    assert carried.run.run_id == planned.run.run_id


def test_a_file_that_leaves_the_certificate_out_is_recognised_all_the_same() -> None:
    world = World()
    text = '[package]\npath = "tool"\n[[operation]]\nkind = "publish_package"\nprovider = "npm"\n'

    assert create(world, text).run.run_id == create(world, text).run.run_id


def test_without_a_package_each_file_asked_for_is_a_run_of_its_own() -> None:
    world = World(FREE)

    first, second = create(world, ALONE), create(world, ALONE)

    assert first.run.run_id != second.run.run_id
    assert first.run.subject == "files:@acme/tool@1.0.0"
    assert [each.certificate_id for each in first.plan.operations] == [""]


def test_a_dry_run_of_a_file_has_the_same_operations() -> None:
    world = World(FREE)

    assert shape(rehearse(world))[:3] == shape(create(world))[:3]
    assert [each.operation_kind for each in rehearse(world).plan.operations] == [
        each.operation_kind for each in create(world).plan.operations
    ]
    assert world.double.sent == []


def test_a_dry_run_of_a_file_without_a_package_makes_nothing_that_is_missing() -> None:
    done = rehearse(World(FREE), ALONE)

    assert (done.would_ship, done.not_made, len(done.plans)) == (WouldShip.YES, (), 1)


def test_a_provider_that_is_not_there_is_refused_before_anything_is_begun() -> None:
    world = World(FREE)

    with pytest.raises(ConfigurationError, match=r"PROVIDER_UNKNOWN: operation\[1\] names nowhere"):
        create(world, ALONE.replace('"files"', '"nowhere"'))
    assert world.entries("run.requested") == []


@pytest.mark.parametrize("text", [ALONE.replace("key = ", "place = "), RELEASE.replace("key = ", "place = ")])
def test_params_that_its_kind_does_not_take_are_refused_before_anything_is_begun(text: str) -> None:
    world = World(FREE)

    with pytest.raises(InvalidInputError, match="PLAN_INVALID: the params of put_object lacks key"):
        create(world, text)
    assert world.entries("run.requested") == []
    assert world.authority.issued == 0


def test_what_no_rule_allows_ends_the_run_that_asked_for_it() -> None:
    world = World(FREE)

    with pytest.raises(DeniedError, match="NO_RULE"):
        create(world, ALONE.replace("@acme/tool", "elsewhere"))

    (run,) = world.run(find_runs(world.context, "files:elsewhere@1.0.0"))
    assert world.run(stored_run(world.context, run.run_id)).state is RunState.ABANDONED
