"""Laws of the Chronicle's lists: whatever is asked, by whomever, they are what a look at every event would give."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from placet.core.caller import NOBODY, Caller
from placet.core.decide import Decision
from placet.core.entities.chronicle import ChronicleEvent
from placet.core.entities.visibility import EVERY_OTHER, PackageVisibility
from placet.core.sight import may_see, sight_of
from placet.domain.authorization.api_key import parse_scope
from placet.domain.log.lifecycle import Source
from placet.domain.values.kinds import Visibility
from placet.domain.values.time import format_instant
from placet.usecases.list_events import Wanted, list_events, list_package_events
from support.governance import NOW
from support.world import World

PACKAGES = ("@acme/a", "@acme/ab", "@zeta/a", "a", "")
TYPES = ("package.published", "package.build.start", "deploy")
ACTORS = ("person:alice", "person:al", "ci:github:acme/tool")
CALLERS = (
    None,
    NOBODY,
    *(
        Caller(principal_id="person:alice", credential_id="key_0", scopes=tuple(parse_scope(each) for each in scopes))
        for scopes in (["*=*"], ["registry:write=@acme/*"], ["chronicle:write=a", "runs:read=@zeta/**"])
    ),
)


def minute(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


class Happened(Struct, frozen=True):
    event_type: str
    package: str
    actor: str
    at: int


HAPPENED = st.builds(
    Happened, st.sampled_from(TYPES), st.sampled_from(PACKAGES), st.sampled_from(ACTORS), st.integers(0, 4)
)
VISIBILITIES = st.fixed_dictionaries(
    {EVERY_OTHER: st.sampled_from(Visibility), "@acme/a": st.sampled_from(Visibility)},
    optional={name: st.sampled_from(Visibility) for name in PACKAGES[1:-1]},
)
WANTED = st.builds(
    Wanted,
    event_type=st.sampled_from(("", "", "", *TYPES)),
    package=st.sampled_from(("", "", "", "", "", "", *PACKAGES[:-1], "never")),
    actor=st.sampled_from(("", "", "", *ACTORS)),
    since=st.none() | st.integers(0, 5).map(minute),
    until=st.none() | st.integers(-1, 4).map(minute),
    offset=st.integers(0, 4),
    limit=st.integers(1, 6),
)


def world_of(happened: list[Happened], visibilities: dict[str, Visibility]) -> tuple[World, list[ChronicleEvent]]:
    """Return an installation in which this happened and is so visible, and its events."""
    here = World()
    events = [
        ChronicleEvent(
            event_id=f"evt_20260304050607_{number:06}",
            event_type=each.event_type,
            package=each.package,
            version="1.0.0" if each.package else "",
            certificate_id="",
            actor=each.actor,
            source=Source.REPORTED,
            recorded_at=minute(each.at),
        )
        for number, each in enumerate(happened)
    ]
    said = [PackageVisibility(package=name, visibility=each) for name, each in visibilities.items()]
    writes = {each.key: each.to_object() for each in events} | {each.key: each.to_object() for each in said}
    here.commit(Decision(type="test.written", actor="service:test", subject="", data={}, writes=writes))
    return here, events


def may_be_seen(caller: Caller | None, package: str, visibilities: dict[str, Visibility]) -> bool:
    """Say again, in the plainest way, what may be seen."""
    name = package or EVERY_OTHER
    if caller is None or any(scope.matches(name) for scope in caller.scopes):
        return True
    default = visibilities.get(EVERY_OTHER, Visibility.PUBLIC)
    return visibilities.get(name, default) is Visibility.PUBLIC


@settings(max_examples=150)
@given(st.lists(HAPPENED, min_size=3, max_size=14), VISIBILITIES, st.sampled_from(CALLERS), WANTED)
def test_a_list_is_what_a_look_at_every_event_would_give(
    happened: list[Happened], visibilities: dict[str, Visibility], caller: Caller | None, wanted: Wanted
) -> None:
    here, events = world_of(happened, visibilities)
    fitting = [
        each
        for each in events
        if wanted.event_type in ("", each.event_type)
        and wanted.package in ("", each.package)
        and wanted.actor in ("", each.actor)
        and (wanted.since is None or wanted.since <= each.recorded_at)
        and (wanted.until is None or each.recorded_at <= wanted.until)
        and may_be_seen(caller, each.package, visibilities)
    ]
    fitting.sort(key=lambda each: each.event_id)
    fitting.sort(key=lambda each: each.recorded_at, reverse=True)

    page = here.run(list_events(here.context, here.run(sight_of(here.context, caller)), wanted))

    assert page.total == len(fitting)
    assert list(page.events) == fitting[wanted.offset : wanted.offset + wanted.limit]


@settings(max_examples=60)
@given(st.lists(HAPPENED, max_size=12), VISIBILITIES, st.sampled_from(CALLERS), st.sampled_from(PACKAGES[:-1]))
def test_a_package_s_list_is_its_events_oldest_first(
    happened: list[Happened], visibilities: dict[str, Visibility], caller: Caller | None, package: str
) -> None:
    here, events = world_of(happened, visibilities)
    own = sorted(
        (each for each in events if each.package == package), key=lambda each: (each.recorded_at, each.event_id)
    )
    seen = own if may_be_seen(caller, package, visibilities) else []

    page = here.run(
        list_package_events(here.context, here.run(sight_of(here.context, caller)), package, offset=1, limit=3)
    )

    assert (list(page.events), page.total) == (seen[1:4], len(seen))
    assert here.run(may_see(here.context, caller, package)) is may_be_seen(caller, package, visibilities)


def test_an_event_is_read_as_it_was_written() -> None:
    here, (event,) = world_of([Happened("deploy", "", "person:alice", 0)], {})

    page = here.run(list_events(here.context, here.run(sight_of(here.context, None)), Wanted()))

    assert page.events == (event,)
    assert format_instant(event.recorded_at) == format_instant(NOW)
    assert replace(event, package="a").key == event.key
