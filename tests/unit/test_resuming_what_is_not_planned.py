"""A run that has only its certificate's plan is not ended by who resumes it: publishing goes on from there."""

from __future__ import annotations

import pytest

from placet.core.entities.runs import Run, RunState
from placet.core.lookup import find_runs
from placet.core.runs import move_run, stored_run
from placet.domain.package.publish_request import PublishRequest
from placet.errors import InvalidInputError
from placet.usecases.publish_package import publish_package
from placet.usecases.resume_run import Carried, resume_run
from support.archives import manifest, package_json, tgz
from support.installation import POLICY, REQUESTER, Crash
from support.world import World

TGZ = tgz(package_json(manifest("@acme/tool", "1.0.0")))
FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")


def publish(world: World) -> Carried:
    world.move(seconds=1)
    asked = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm",))
    return world.run(publish_package(world.context, asked, progress=lambda *_: None))


def certified_only(world: World) -> Run:
    world.crash_at = "archive.stamped"
    with pytest.raises(Crash):
        publish(world)
    (run,) = world.run(find_runs(world.context, "@acme/tool@1.0.0"))
    return run


def test_resuming_says_that_the_publication_is_not_planned_yet_and_ends_nothing() -> None:
    world = World(FREE)
    run = certified_only(world)

    with pytest.raises(InvalidInputError, match="only its certificate's plan") as refused:
        world.run(resume_run(world.context, run.run_id))

    assert refused.value.code == "PUBLICATION_NOT_PLANNED"
    assert world.run(stored_run(world.context, run.run_id)).state is RunState.PLANNED
    assert publish(world).run.state is RunState.EXECUTED


def test_a_run_that_an_earlier_release_ended_with_its_certificate_alone_stands_in_nobody_s_way() -> None:
    world = World(FREE)
    run = certified_only(world)
    world.run(move_run(world.context, run.run_id, RunState.EXECUTED, actor=REQUESTER))

    carried = publish(world)

    assert carried.run.run_id != run.run_id
    assert carried.run.state is RunState.EXECUTED
