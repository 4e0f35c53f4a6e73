"""Of several runs that want the same archive published, one goes on, whoever looks; no effect is left alone."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from placet.core.abandon import abandon_run, give_way, revoke_unpublished
from placet.core.attempts import Attempts, Reach, attempts_at, clear_away
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.runs import Run, RunState
from placet.core.entities.stored import required
from placet.core.execute import execute_operation, execute_plan
from placet.core.runs import move_run, open_run, stored_plan, stored_run
from placet.domain.encoding.archive import read_archive
from placet.domain.package.publish_request import PublishRequest
from placet.domain.values.kinds import Mode, OutcomeStatus
from placet.errors import DeniedError, EffectError
from placet.usecases.certify_package import certify_package
from placet.usecases.plan_publication import Parcel, Targets, plan_publication
from placet.usecases.publish_package import publish_package
from placet.usecases.resume_run import Carried, resume_run
from support.archives import manifest, member, package_json, tgz
from support.installation import POLICY, REQUESTER
from support.world import World

TGZ = tgz(package_json(manifest("@acme/tool", "1.0.0")), member("package/index.js", b"1\n"))
PACKAGE = read_archive(TGZ)
SUBJECT = "@acme/tool@1.0.0"
ARCHIVE = PACKAGE.tarball_hash.removeprefix("sha256:")
FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")
EVERYWHERE = Targets(registry="npm", stores=("files",))
REGISTRY = Targets(registry="npm", stores=())


@pytest.fixture
def world() -> World:
    return World(FREE)


def requested(world: World, mode: Mode = Mode.PROD, archive: str = ARCHIVE) -> Run:
    """Open a run, a moment after the one before it."""
    world.move(seconds=1)
    return world.run(open_run(world.context, mode=mode, requester=REQUESTER, subject=SUBJECT, archive_sha256=archive))


def planned(world: World, targets: Targets = EVERYWHERE) -> Run:
    """Open a run and bring it to its second plan, whatever stands beside it."""
    return plan_out(world, requested(world), targets)


def plan_out(world: World, run: Run, targets: Targets = EVERYWHERE) -> Run:
    """Bring a run to its second plan."""
    context = world.context.told(lambda _: None)

    async def work() -> None:
        certified = await certify_package(context, run, TGZ, PACKAGE)
        parcel = Parcel(
            package=PACKAGE.name,
            version=PACKAGE.version,
            dist_tag="latest",
            access="",
            archive=certified.archive,
            certificate_id=certified.certificate.certificate_id,
            certificate_pem=certified.certificate_pem,
            statement=certified.statement,
        )
        await plan_publication(context, certified.run, targets, parcel)

    world.run(work())
    return now(world, run)


def begin(world: World, run: Run) -> None:
    """Carry out the first operation of a run, and no more."""

    async def work() -> None:
        plan = await stored_plan(world.context, run.run_id, 2)
        await execute_operation(world.context, plan, plan.operations[0], actor=REQUESTER)

    world.run(work())


def now(world: World, run: Run) -> Run:
    return world.run(stored_run(world.context, run.run_id))


def attempts(world: World) -> Attempts:
    return world.run(attempts_at(world.context, SUBJECT, ARCHIVE))


def cleared(world: World) -> Attempts:
    """Return what stands after the others were cleared away."""
    found = attempts(world)
    world.run(clear_away(world.context, found))
    return found


def is_revoked(world: World, run: Run) -> bool:
    key = certificate_key(run.certificate_id)
    return read_certificate(required(world.load(key), key, "certificate")).revocation is not None


def elsewhere(work: Callable[[], object]) -> None:
    """Do something as another process would, while we are in the middle of something."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def between(world: World, work: Callable[[], object]) -> None:
    """Let something happen between the next decision and its commit."""
    world.store.before_commit = lambda: elsewhere(work)


def while_preparing(world: World, work: Callable[[], object]) -> None:
    """Let something happen when our archive was stamped and is not planned yet."""
    done: list[str] = []

    def at(point: str) -> None:
        if point == "archive.stamped" and not done:
            done.append(point)
            elsewhere(work)

    world.context = world.context.told(at)


def test_where_nothing_is_planned_nothing_stands(world: World) -> None:
    run = requested(world)
    requested(world, mode=Mode.DRY_RUN)
    requested(world, archive="0" * 64)
    assert attempts(world) == Attempts(standing=None, reach=Reach.PREPARING, others=((run, Reach.PREPARING),))


def test_of_planned_runs_the_oldest_stands_and_the_others_end_with_their_certificates(world: World) -> None:
    first, second = planned(world), planned(world)
    assert cleared(world).standing == first
    assert (now(world, first).state, now(world, second).state) == (RunState.PLANNED, RunState.ABANDONED)
    assert (is_revoked(world, first), is_revoked(world, second)) == (False, True)


def test_a_run_whose_effects_have_begun_stands_before_older_ones(world: World) -> None:
    older, begun = planned(world), planned(world)
    begin(world, begun)
    assert cleared(world).standing == now(world, begun)
    assert now(world, older).state is RunState.ABANDONED


def test_a_run_that_holds_the_version_at_the_registry_stands_before_one_that_holds_an_object(world: World) -> None:
    holds_object, holds_version = planned(world), planned(world, REGISTRY)
    begin(world, holds_object)
    begin(world, holds_version)
    found = cleared(world)
    assert (found.standing, found.reach) == (now(world, holds_version), Reach.PUBLISHING)
    assert now(world, holds_object).state is RunState.PLANNED
    assert not is_revoked(world, holds_object)


def test_a_run_that_published_stands_before_all(world: World) -> None:
    published, beside = planned(world), planned(world)
    plan = world.run(stored_plan(world.context, published.run_id, 2))
    world.run(execute_plan(world.context, plan, actor=REQUESTER))
    world.run(move_run(world.context, published.run_id, RunState.EXECUTED, actor=REQUESTER))
    assert cleared(world).standing == now(world, published)
    assert now(world, beside).state is RunState.ABANDONED
    assert attempts(world).others == ()


def test_a_run_whose_certificate_counts_no_more_does_not_stand(world: World) -> None:
    revoked, good = planned(world), planned(world)
    world.run(revoke_unpublished(world.context, revoked.certificate_id))
    assert cleared(world).standing == good
    assert now(world, revoked).state is RunState.ABANDONED


def test_a_run_whose_certificate_has_expired_does_not_stand(world: World) -> None:
    run = planned(world)
    world.move(days=400)
    found = cleared(world)
    assert (found.standing, found.others) == (None, ((run, Reach.UNUSABLE),))
    assert now(world, run).state is RunState.ABANDONED


def test_a_run_that_is_being_prepared_is_left_alone_for_as_long_as_its_process_may_live(world: World) -> None:
    preparing = requested(world)
    planned(world)
    cleared(world)
    assert now(world, preparing).state is RunState.REQUESTED
    world.move(seconds=world.context.settings.deadline.total_seconds())
    cleared(world)
    assert now(world, preparing).state is RunState.ABANDONED


def test_a_run_that_is_being_prepared_ends_once_another_one_has_begun(world: World) -> None:
    preparing, begun = requested(world), planned(world)
    begin(world, begun)
    cleared(world)
    assert now(world, preparing).state is RunState.ABANDONED


def test_a_run_that_begins_while_it_is_looked_at_is_not_ended(world: World) -> None:
    run = planned(world)
    between(world, lambda: begin(world, run))
    world.run(give_way(world.context, run))
    assert now(world, run).state is RunState.PLANNED
    assert not is_revoked(world, run)


def test_a_run_that_goes_on_while_it_is_looked_at_is_not_ended(world: World) -> None:
    run = planned(world)
    world.run(give_way(world.context, replace(run, plans=1)))
    assert now(world, run).state is RunState.PLANNED
    assert not is_revoked(world, run)


def test_a_run_seen_before_its_certificate_is_not_ended_while_its_effect_is_sent(world: World) -> None:
    requested(world)
    world.move(minutes=20)
    seen = attempts(world)  # by a process that stalls then
    begun = plan_out(world, seen.others[0][0])
    begin(world, begun)
    world.run(clear_away(world.context, seen))
    assert now(world, begun).state is RunState.PLANNED
    assert not is_revoked(world, begun)


def test_a_run_that_gets_its_certificate_while_it_is_ended_goes_on_with_it(world: World) -> None:
    run = requested(world)
    between(world, lambda: world.run(certify_package(world.context, run, TGZ, PACKAGE)))
    world.run(give_way(world.context, run))
    assert now(world, run).state is RunState.PLANNED
    assert not is_revoked(world, now(world, run))


def test_an_effect_that_failed_has_not_begun(world: World) -> None:
    first, second = planned(world), planned(world)
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    begin(world, second)
    assert attempts(world).standing == first


def test_ending_a_run_twice_ends_it_once(world: World) -> None:
    run = planned(world)
    world.run(give_way(world.context, run))
    world.run(give_way(world.context, run))
    assert len(world.entries("run.abandoned")) == 1
    assert len(world.entries("certificate.revoked")) == 1


def test_a_run_that_another_process_has_published_meanwhile_is_left_as_it_is(world: World) -> None:
    run = requested(world)
    between(world, lambda: world.run(_ended(world, run, RunState.CONFLICT)))
    world.run(give_way(world.context, run))
    assert now(world, run).state is RunState.CONFLICT


def test_a_certificate_that_is_issued_while_its_run_ends_is_revoked_too(world: World) -> None:
    run = requested(world)
    between(world, lambda: world.run(certify_package(world.context, run, TGZ, PACKAGE)))
    world.run(abandon_run(world.context, run, RunState.ABANDONED, actor=REQUESTER))
    assert now(world, run).certificate_id
    assert is_revoked(world, now(world, run))


async def _ended(world: World, run: Run, state: RunState) -> None:
    await move_run(world.context, run.run_id, state, actor=REQUESTER)


def test_a_process_that_waits_for_approvals_of_a_run_that_ended_waits_no_longer() -> None:
    world = World()
    run = planned(world)
    asked = []

    async def wait(waiting: str, _: object) -> bool:
        asked.append(waiting)
        await give_way(world.context, run)
        return True

    with pytest.raises(DeniedError, match="RUN_CLOSED"):
        world.run(resume_run(world.context, run.run_id, wait=wait))
    assert asked == [run.run_id]


def publish(world: World) -> Carried:
    world.move(seconds=1)
    request = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm", "files"))
    return world.run(publish_package(world.context, request, progress=lambda *_: None))


def test_what_refuses_the_standing_run_itself_is_told_as_it_is(world: World) -> None:
    planned(world)
    world.double.facts["version"] = "unobserved"
    with pytest.raises(DeniedError, match="STALE_SUBJECT"):
        publish(world)


def test_publishing_beside_a_run_that_has_begun_goes_on_with_that_one(world: World) -> None:
    planned(world)
    begun = planned(world)
    begin(world, begun)
    assert publish(world).run.run_id == begun.run_id


def test_who_is_overtaken_while_preparing_goes_on_with_the_run_that_was_there_first(world: World) -> None:
    first = requested(world)
    while_preparing(world, lambda: plan_out(world, first))
    assert publish(world).run.run_id == first.run_id
    assert len(world.entries("run.abandoned")) == 1


def test_who_finds_everything_published_meanwhile_is_told_of_that_publication(world: World) -> None:
    while_preparing(world, lambda: publish(world))
    carried = publish(world)
    assert carried.run.state is RunState.EXECUTED
    assert list(world.double.effects.values()) == [1, 1, 1]


def test_who_finds_the_same_bytes_under_way_meanwhile_is_told_where(world: World) -> None:
    def overtake() -> None:
        begun = planned(world)
        begin(world, begun)
        cleared(world)

    while_preparing(world, overtake)
    with pytest.raises(EffectError, match="IN_PROGRESS"):
        publish(world)
