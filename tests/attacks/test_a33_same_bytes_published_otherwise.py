"""What somebody asks to be published is done as they say, or refused: never another's run in its place."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from placet.core.lookup import find_runs
from placet.core.runs import stored_plan
from placet.domain.package.publish_request import PublishRequest
from placet.errors import ApprovalsPendingError, DeniedError
from placet.ports.effects import Provider
from placet.usecases.publish_package import publish_package
from placet.usecases.resume_run import Carried
from support.archives import manifest, member, package_json, tgz
from support.installation import POLICY, REQUESTER
from support.world import World

TGZ = tgz(package_json(manifest("@acme/tool", "1.0.0")), member("package/index.js", b"1\n"))
FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")
REQUEST = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm", "files"))
OTHERWISE = {
    "dist-tag is latest, not next": replace(REQUEST, dist_tag="next"),
    "access is default, not restricted": replace(REQUEST, access="restricted"),
    "its providers are files, npm, not npm": replace(REQUEST, to=("npm",)),
    "its providers are files, npm, not files, mirror": replace(REQUEST, to=("mirror", "files")),
    f"requester is {REQUESTER}, not person:bob": replace(REQUEST, requester="person:bob"),
}


def publish(world: World, request: PublishRequest = REQUEST) -> Carried:
    world.move(seconds=1)
    return world.run(publish_package(world.context, request, progress=lambda *_: None))


def waiting() -> World:
    """Return a world where a run about these bytes waits for approvals."""
    world = World()
    with pytest.raises(ApprovalsPendingError):
        publish(world)
    return world


def approve(world: World) -> None:
    (run,) = world.run(find_runs(world.context, "@acme/tool@1.0.0"))
    world.approved(world.run(stored_plan(world.context, run.run_id, run.plans)))


@pytest.mark.parametrize("said", OTHERWISE)
def test_an_open_run_is_not_carried_out_for_who_asks_otherwise(said: str) -> None:
    world = waiting()
    approve(world)

    with world.refusing("RUN_DIFFERS") as refused:
        publish(world, OTHERWISE[said])

    assert said in refused.sentence
    assert refused.sentence.startswith("an open run publishes")
    assert world.double.sent == []


@pytest.mark.parametrize("said", OTHERWISE)
def test_a_finished_run_is_not_shown_as_done_to_who_asks_otherwise(said: str) -> None:
    world = World(FREE)
    publish(world)
    sent = len(world.double.sent)

    with pytest.raises(DeniedError, match="a finished run publishes these bytes otherwise") as refused:
        publish(world, OTHERWISE[said])

    assert refused.value.code == "RUN_DIFFERS"
    assert said in refused.value.message
    assert len(world.double.sent) == sent


def test_all_differences_are_said_at_once() -> None:
    world = waiting()

    with pytest.raises(DeniedError, match="dist-tag is latest, not next; access is default, not public"):
        publish(world, replace(REQUEST, dist_tag="next", access="public"))


def test_who_asks_for_all_providers_after_one_more_was_added_asks_otherwise() -> None:
    world = World(FREE)
    publish(world, replace(REQUEST, to=("npm", "files")))
    world.provide(Provider(provider_id="more", kind="folder", url="file:/nowhere", credential=""))

    with pytest.raises(DeniedError, match="its providers are files, npm, not files, more, npm"):
        publish(world, replace(REQUEST, to=("npm", "files", "more")))


def test_the_same_request_again_goes_on_with_the_run_and_then_names_it() -> None:
    world = waiting()
    approve(world)

    done = publish(world, replace(REQUEST, dist_tag="latest", to=("files", "npm")))
    again = publish(world)

    assert done.run.run_id == again.run.run_id
    assert len(world.entries("package.registered")) == 1


def test_who_is_overtaken_by_a_publication_made_otherwise_is_told_so() -> None:
    world = World(FREE)
    done: list[str] = []

    def at(point: str) -> None:
        if point == "archive.stamped" and not done:
            done.append(point)
            other = threading.Thread(target=publish, args=(world,))
            other.start()
            other.join()

    world.context = world.context.told(at)

    with pytest.raises(DeniedError, match="RUN_DIFFERS"):
        publish(world, replace(REQUEST, dist_tag="next"))

    assert len(world.entries("package.registered")) == 1
