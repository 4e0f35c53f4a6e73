"""A87: what a key may not see is the same nothing as what is not there; lists and searches do not know of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.caller import Caller
from placet.core.entities.runs import plan_key
from placet.core.entities.stored import with_index
from placet.core.governed import ask
from placet.core.lookup import find_runs_seen, list_runs
from placet.core.runs import Intent, open_run
from placet.core.runs_seen import (
    EVERYTHING,
    RunSight,
    check_may_go_on,
    look_at,
    name_in,
    run_sight_of,
    seen_receipt,
    seen_run,
)
from placet.domain.authorization.api_key import parse_scope
from placet.domain.authorization.operation import Subject
from placet.domain.values.kinds import Mode, OperationKind, OutcomeStatus
from placet.errors import DeniedError, NotFoundError
from placet.usecases.reconcile import reconcile
from placet.usecases.search import Hit, Kind, Sees, search
from support.forging import receipt_in
from support.installation import POLICY, REQUESTER
from support.intents import a_publication, an_object
from support.world import World

NOWHERE = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"
NO_RECEIPT = "fc-receipt-20260101-000000-000000000000"
FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")


def caller(principal: str, *scopes: str) -> Caller:
    return Caller(
        principal_id=principal, credential_id="key_000000000000", scopes=tuple(parse_scope(each) for each in scopes)
    )


def eyes(world: World, principal: str, *scopes: str) -> RunSight:
    return world.run(run_sight_of(world.context, caller(principal, *scopes)))


def stranger(world: World) -> RunSight:
    return eyes(world, "ci:other", "runs:read=@other/*", "runs:write=@acme/*")


def sees(world: World, sight: RunSight, run_id: str) -> bool:
    try:
        return world.run(seen_run(world.context, sight, run_id)).run.run_id == run_id
    except NotFoundError:
        return False


def an_enrolment(world: World) -> str:
    """Return the run of a governed act."""
    subject = Subject(provider="core", name="person:zoe", version="", tag="")
    params: dict[str, Any] = {"public_keys": [], "on_behalf_of": ""}
    intent = Intent(kind=OperationKind.ENROL_PRINCIPAL, subject=subject, params=params)
    return world.run(ask(world.context, intent, requester="person:alice", contents={})).run.run_id


@pytest.mark.parametrize(
    ("principal", "scopes", "seen"),
    [
        (REQUESTER, [], True),
        ("person:alice", [], True),
        ("person:erin", ["runs:read=@other/*"], True),
        ("ci:other", ["runs:read=@acme/*"], True),
        ("ci:other", ["*=@acme/tool"], True),
        ("ci:other", ["runs:read=*"], True),
        ("ci:other", ["runs:write=@acme/*"], False),
        ("ci:other", ["runs:read=@other/*", "certificates:issue=*"], False),
        ("person:frank", [], False),
        ("ci:alice", [], False),
    ],
)
def test_a_run_is_seen_by_who_asked_who_may_say_no_and_who_may_read_its_package(
    principal: str, scopes: list[str], seen: bool
) -> None:
    world = World()

    assert sees(world, eyes(world, principal, *scopes), world.plan().run_id) is seen


def test_a_person_in_no_group_before_any_policy_sees_their_own_alone() -> None:
    world = World()
    mine = world.run(open_run(world.context, mode=Mode.PROD, requester="person:frank", subject="core:policy@v2"))
    theirs = world.run(open_run(world.context, mode=Mode.PROD, requester=REQUESTER, subject="core:policy@v2"))

    assert sees(world, eyes(world, "person:frank"), mine.run_id)
    assert not sees(world, eyes(world, "person:frank"), theirs.run_id)


def test_a_scope_for_half_of_what_a_plan_is_about_is_none() -> None:
    world = World()
    other = replace(an_object(), subject=Subject(provider="files", name="@acme/secret", version="1.0.0", tag=""))
    plan = world.plan(a_publication(), other)

    assert not sees(world, eyes(world, "ci:other", "runs:read=@acme/tool"), plan.run_id)
    assert sees(world, eyes(world, "ci:other", "runs:read=@acme/*"), plan.run_id)


def test_a_run_without_a_plan_is_about_the_package_of_its_archive() -> None:
    world = World()
    run = world.run(
        open_run(
            world.context,
            mode=Mode.PROD,
            requester=REQUESTER,
            subject="@acme/tool@1.0.0",
            archive_sha256="ab" * 32,
        )
    )

    assert sees(world, eyes(world, "ci:other", "runs:read=@acme/tool"), run.run_id)
    assert not sees(world, eyes(world, "ci:other", "runs:read=@acme/tool2"), run.run_id)


def test_governed_acts_are_seen_by_no_scope_for_packages() -> None:
    world = World()
    run_id = an_enrolment(world)

    assert not sees(world, eyes(world, "ci:other", "runs:read=person:zoe", "runs:read=**"), run_id)
    assert sees(world, eyes(world, "ci:auditor", "runs:read=*"), run_id)
    assert sees(world, EVERYTHING, run_id)


@pytest.mark.parametrize("nothing", [NOWHERE, "run_x", "../policy/in_force"])
def test_a_hidden_run_costs_the_same_and_is_told_as_nothing_at_all(nothing: str) -> None:
    world = World()
    hidden = world.plan().run_id

    assert _told(world, seen_run, hidden) == _told(world, seen_run, nothing)


def test_a_hidden_receipt_costs_the_same_and_is_told_as_nothing_at_all() -> None:
    world = World(FREE)
    plan = world.plan()
    hidden = receipt_in(world.issue(plan)).receipt_id

    assert _told(world, seen_receipt, hidden) == _told(world, seen_receipt, NO_RECEIPT)
    assert world.run(seen_receipt(world.context, eyes(world, REQUESTER), hidden)).run.run_id == plan.run_id


def _told(world: World, seek: Callable[..., Coroutine[Any, Any, object]], named: str) -> tuple[str, str, str, int]:
    """Return how a look-up by a stranger is refused, without the name that was asked for, and its number of reads."""
    sight = stranger(world)
    before = len(world.store.loaded)
    with pytest.raises(NotFoundError) as caught:
        world.run(seek(world.context, sight, named))
    return (
        caught.value.code,
        caught.value.message.replace(named, ""),
        caught.value.hint,
        len(world.store.loaded) - before,
    )


def test_a_list_has_what_is_seen_newest_first_and_its_pages_know_of_nothing_else() -> None:
    world = World()
    mine: list[str] = []
    for number in range(3):
        world.move(seconds=1)
        mine.append(world.plan(requester="person:alice", subject=f"@mine/tool@1.0.{number}").run_id)
        world.plan()
    world.move(seconds=1)
    an_enrolment(world)

    sight = eyes(world, "ci:other", "runs:read=@mine/*")
    both = eyes(world, "ci:other", "runs:read=@mine/*", "runs:read=@acme/*")
    assert [run.run_id for run in world.run(list_runs(world.context, sight=sight))] == []  # all is about @acme/tool
    own = replace(sight, caller=caller(REQUESTER))
    assert [run.requester for run in world.run(list_runs(world.context, sight=own))] == [REQUESTER] * 3
    first = world.run(list_runs(world.context, sight=both, limit=2))
    rest = world.run(list_runs(world.context, sight=both, after=first[-1].run_id))
    assert [run.run_id for run in (*first, *rest) if run.run_id in mine] == list(reversed(mine))
    assert len(first) + len(rest) == 6


@pytest.mark.parametrize(
    ("principal", "scopes", "found"),
    [
        ("ci:other", ["runs:read=@acme/*"], 2),
        (REQUESTER, [], 1),
        ("person:alice", [], 2),
        ("person:frank", [], 0),
        ("ci:other", ["runs:read=@other/*"], 0),
    ],
)
def test_the_runs_of_a_package_version_are_found_as_far_as_they_are_seen(
    principal: str, scopes: list[str], found: int
) -> None:
    world = World()
    plans = [world.plan(requester=each) for each in (REQUESTER, "person:bob")]
    world.plan(subject="@acme/tool@1.0.0-rc.1")
    sight = eyes(world, principal, *scopes)

    runs = world.run(find_runs_seen(world.context, sight, "@acme/tool@1.0.0"))

    assert len(runs) == found
    assert {run.run_id for run in runs} <= {each.run_id for each in plans}
    assert len(world.run(find_runs_seen(world.context, EVERYTHING, "@acme/tool@1.0.0"))) == 2


def test_what_no_scope_covers_is_not_even_read() -> None:
    world = World()
    world.plan()
    sight = stranger(world)
    world.store.loaded.clear()

    assert world.run(find_runs_seen(world.context, sight, "@acme/tool@1.0.0")) == []
    assert world.store.loaded == [frozenset()]


def test_who_begins_like_somebody_does_not_see_their_runs() -> None:
    world = World()
    world.plan(requester="person:alice")

    assert world.run(list_runs(world.context, sight=replace(stranger(world), caller=caller("person:ali")))) == []


def seen_by(world: World, sight: RunSight) -> Sees:
    async def sees(hits: Sequence[Hit]) -> Sequence[Hit]:
        looked = await look_at(world.context, sight, {each.run_id for each in hits})
        return [each for each in hits if each.run_id in looked]

    return sees


def test_a_search_finds_nothing_that_is_hidden() -> None:
    world = World(FREE)
    world.issue(world.plan())

    hits = world.run(search(world.context, "tool", sees=seen_by(world, stranger(world)))).hits
    own = world.run(search(world.context, "tool", sees=seen_by(world, eyes(world, REQUESTER)))).hits
    everything = world.run(search(world.context, "tool")).hits

    assert hits == ()
    assert {each.kind for each in own} == {Kind.RECEIPT, Kind.RUN, Kind.EVENT}
    assert own == everything
    event, sees = own[-1].hit_id, seen_by(world, stranger(world))
    assert world.run(search(world.context, event, kinds=[Kind.EVENT], sees=sees)).hits == ()


def test_a_page_of_a_search_never_ends_at_something_hidden() -> None:
    world = World(FREE)
    world.plan()
    mine = world.plan(requester="person:frank")

    sees = seen_by(world, eyes(world, "person:frank"))
    found = world.run(search(world.context, "tool", kinds=[Kind.RUN], limit=1, sees=sees))

    assert [each.hit_id for each in found.hits] == [mine.run_id]
    more = search(world.context, "tool", kinds=[Kind.RUN], after=found.after, sees=sees)
    assert world.run(more).hits == ()


def test_what_is_in_doubt_is_cleared_up_by_who_may_see_it() -> None:
    world = World(FREE)
    plan = world.plan()
    world.double.answers = OutcomeStatus.INDETERMINATE
    world.present(plan, world.issue(plan))

    assert world.run(reconcile(world.context, sight=stranger(world))) == []
    (cleared,) = world.run(reconcile(world.context, sight=eyes(world, REQUESTER)))
    assert cleared.was.value == "indeterminate"


@pytest.mark.parametrize(
    ("principal", "scopes", "allowed"),
    [
        (REQUESTER, [], True),
        ("person:alice", [], True),
        ("ci:other", ["runs:read=@acme/*", "runs:write=@acme/*"], True),
        ("ci:other", ["runs:read=@acme/*"], False),
        ("ci:other", ["runs:read=*", "runs:write=@other/*"], False),
    ],
)
def test_who_may_see_a_run_goes_on_with_it_only_where_they_may_publish(
    principal: str, scopes: list[str], allowed: bool
) -> None:
    world = World()
    assert _goes_on(world, eyes(world, principal, *scopes), world.plan().run_id) is allowed


def test_no_scope_goes_on_with_a_governed_act() -> None:
    world = World()
    run_id = an_enrolment(world)

    assert not _goes_on(world, eyes(world, "ci:other", "*=*"), run_id)
    assert _goes_on(world, eyes(world, "person:bob"), run_id)
    assert _goes_on(world, EVERYTHING, run_id)


def _goes_on(world: World, sight: RunSight, run_id: str) -> bool:
    seen = world.run(seen_run(world.context, sight, run_id))
    try:
        check_may_go_on(sight, seen)
    except DeniedError as error:
        return error.code != "SCOPE_INSUFFICIENT"
    return True


def test_a_plan_that_cannot_be_read_is_about_nothing_that_a_scope_covers() -> None:
    world = World()
    plan = world.plan()
    world.write(plan_key(plan.run_id, 1), with_index({"plan": "{}"}, []))

    assert not sees(world, eyes(world, "ci:other", "runs:read=**"), plan.run_id)
    assert sees(world, eyes(world, REQUESTER), plan.run_id)


def test_a_key_says_what_it_may_ask_for() -> None:
    key = caller("ci:other", "runs:write=@acme/*")

    key.check_scope("runs:write", "@acme/tool")
    with pytest.raises(DeniedError, match="SCOPE_INSUFFICIENT"):
        key.check_scope("runs:write", "@acme-evil/tool")
    assert (key.has("runs:write"), key.has("runs:read"), caller("ci:other", "*=@acme/*").has("runs:read")) == (
        True,
        False,
        True,
    )
    assert (key.may_see("@acme/tool"), key.may_see("@other/tool")) == (True, False)


def test_on_the_machine_itself_nothing_is_hidden() -> None:
    world = World()

    assert world.run(run_sight_of(world.context, None)) == EVERYTHING


def test_who_is_a_person_here_is_a_member_and_a_narrow_key_is_not() -> None:
    world = World()

    assert eyes(world, "person:frank").is_member
    assert eyes(world, "ci:auditor", "*=*").is_member
    assert not stranger(world).is_member
    assert EVERYTHING.is_member


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("@acme/tool@1.0.0", "@acme/tool"),
        ("tool@1.0.0", "tool"),
        ("core:person:alice", "person:alice"),
        ("github:acme/docs", "acme/docs"),
        ("npm:@acme/tool@1.0.0", "@acme/tool"),
        ("npm:@acme/tool", "@acme/tool"),
    ],
)
def test_what_a_run_is_about_has_a_name(subject: str, name: str) -> None:
    assert name_in(subject) == name
