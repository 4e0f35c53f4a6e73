"""What may be reported in the Chronicle, and what is kept of it (contract 4)."""

from __future__ import annotations

from typing import Any

import pytest

from placet.core.caller import NOBODY
from placet.core.decide import Decision
from placet.core.entities.chronicle import OF_PACKAGE, ChronicleEvent, event_key, read_event
from placet.core.entities.stored import required
from placet.core.entities.visibility import EVERY_OTHER, PackageVisibility
from placet.core.said import said_under
from placet.core.sight import sight_of
from placet.domain.log.lifecycle import LifecycleType, Source, check_event
from placet.domain.values.kinds import Visibility
from placet.errors import DeniedError, InvalidInputError, PlacetError
from placet.usecases.list_events import Wanted, list_events
from placet.usecases.report_event import Report, check_report, report_event
from placet.usecases.revoke_key import revoke_key
from support.installation import CERTIFYING, TEAM
from support.keys import KEYS, asking_with, make_key
from support.world import World


def report(here: World, **changed: Any) -> ChronicleEvent:
    members = {"event_type": "package.published", "package": "@acme/tool", "version": "1.0.0", **changed}
    context = members.pop("context", here.context)
    return here.run(report_event(context, Report(**members), actor="person:alice"))


@pytest.mark.parametrize("event_type", LifecycleType)
def test_each_type_of_a_package_s_life_may_be_reported(event_type: str) -> None:
    check_event(event_type, "@acme/tool", "1.0.0")


@pytest.mark.parametrize("event_type", ["deploy", "a_b.c9", "package", "packages.published", "x" * 100])
def test_any_other_type_may_be_about_nothing(event_type: str) -> None:
    check_event(event_type, "", "")


@pytest.mark.parametrize(
    ("event_type", "package", "version"),
    [
        ("package.party", "@acme/tool", "1.0.0"),
        ("package.", "@acme/tool", "1.0.0"),
        ("package.published", "", "1.0.0"),
        ("package.published", "@acme/tool", ""),
        ("Deploy", "", ""),
        ("de ploy", "", ""),
        ("", "", ""),
        ("*", "", ""),
        ("deploy\n", "", ""),
        ("x" * 101, "", ""),
    ],
)
def test_what_is_no_type_or_lacks_what_it_is_about_is_refused(event_type: str, package: str, version: str) -> None:
    with pytest.raises(InvalidInputError, match="EVENT_INVALID"):
        check_event(event_type, package, version)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"package": "Tool"}, "NAME_INVALID"),
        ({"version": "v1"}, "VERSION_INVALID"),
        ({"certificate_id": "CERT"}, "EVENT_INVALID"),
        ({"event_type": "deploy", "package": ""}, "EVENT_INVALID"),
    ],
)
def test_a_report_names_what_it_is_about_as_everything_else_does(change: dict[str, Any], code: str) -> None:
    members = {"event_type": "package.published", "package": "@acme/tool", "version": "1.0.0", **change}

    with pytest.raises(PlacetError, match=code):
        check_report(Report(**members))


def test_an_event_is_its_ledger_entry_and_names_what_was_said_by_a_salted_digest() -> None:
    here = World()
    said = b'{"metadata": {"mail": "alice@example.com"}}'

    one, other = report(here, said=said), report(here, said=said)

    entries = here.entries("chronicle.reported")
    assert [each.body.entry_id for each in entries] == [one.event_id, other.event_id]
    assert here.load(one.key).entities[one.key].revision == entries[0].seq
    assert read_event(required(here.load(one.key), event_key(one.event_id), "event")) == one
    assert one.source is Source.REPORTED
    assert one.said != other.said
    assert here.run(said_under(here.context, one.said)) == {"metadata": {"mail": "alice@example.com"}}
    assert not any(b"alice@example.com" in content for content in here.contents())


def test_an_event_about_a_package_alone_names_it() -> None:
    here = World()

    made = report(here, event_type="deploy", version="")

    assert (made.package, made.version) == ("@acme/tool", "")
    assert here.entries("chronicle.reported")[-1].body.subject == "@acme/tool"


def test_an_event_about_no_package_stands_in_no_package_s_list() -> None:
    here = World()

    made = report(here, event_type="deploy", package="", version="")

    assert read_event(required(here.load(made.key), made.key, "event")) == made
    assert here.run(here.store.count(OF_PACKAGE, "")) == 0


def test_who_reports_with_a_key_that_is_revoked_meanwhile_reports_nothing() -> None:
    here = World(TEAM + CERTIFYING + KEYS)
    key = make_key(here)
    here.meanwhile(lambda: here.run(revoke_key(here.context, key.credential_id, actor="person:alice")))

    with pytest.raises(DeniedError, match="STALE_REQUESTER"):
        report(here, context=asking_with(here, key))

    assert here.entries("chronicle.reported") == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"type": "*"}, "EVENT_INVALID"),
        ({"type": "a b"}, "EVENT_INVALID"),
        ({"package": "*"}, "NAME_INVALID"),
        ({"actor": "*"}, "QUERY_INVALID"),
        ({"actor": "person:a b"}, "QUERY_INVALID"),
        ({"since": "yesterday"}, "TIME_INVALID"),
        ({"until": "2026-01-01"}, "TIME_INVALID"),
    ],
)
def test_nobody_gets_into_another_list_by_what_they_ask_for(asked: dict[str, str], code: str) -> None:
    with pytest.raises(InvalidInputError, match=code):
        Wanted.read(asked)


def test_what_is_not_asked_about_is_not_filtered_by() -> None:
    assert Wanted.read({"type": "", "package": ""}, offset=2, limit=3) == Wanted(offset=2, limit=3)
    assert NOBODY.scopes == ()


def listed(here: World, *said: PackageVisibility) -> list[str]:
    """Return the packages of the events that somebody without a key sees, where this is said."""
    writes = {each.key: each.to_object() for each in said}
    here.commit(Decision(type="test.written", actor="service:test", subject="", data={}, writes=writes))
    page = here.run(list_events(here.context, here.run(sight_of(here.context, NOBODY)), Wanted()))
    assert page.total == len(page.events)
    return [each.package for each in page.events]


def test_a_list_over_all_packages_passes_over_the_hidden_ones_and_shows_the_seen_ones() -> None:
    here = World()
    for name in ("@acme/a", "@acme/b", "@acme/a", "@acme/c"):
        here.move(seconds=1)
        report(here, package=name)
    shown = PackageVisibility(package="@acme/a", visibility=Visibility.PUBLIC)
    hidden = PackageVisibility(package="@acme/b", visibility=Visibility.PRIVATE)
    others = PackageVisibility(package=EVERY_OTHER, visibility=Visibility.PRIVATE)

    assert listed(here) == ["@acme/c", "@acme/a", "@acme/b", "@acme/a"]
    assert listed(here, hidden) == ["@acme/c", "@acme/a", "@acme/a"]
    assert listed(here, shown, others) == ["@acme/a", "@acme/a"]
