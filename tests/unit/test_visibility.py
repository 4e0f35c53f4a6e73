"""Who may see a package: said by name or of every other one, changed as a governed act (contract 1, ADR 28)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from placet.core.caller import NOBODY, Caller
from placet.core.decide import Decision
from placet.core.entities.visibility import EVERY_OTHER, PackageVisibility, visibility_in, visibility_key
from placet.core.governed import Asked, ask
from placet.core.runs import Intent
from placet.core.sight import may_see, seen_certificate, sight_of
from placet.domain.authorization.api_key import parse_scope
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import GOVERNED_KINDS, OperationKind, Visibility
from placet.errors import NotFoundError, PlacetError
from placet.usecases.search import Hit, Kind, search
from support.installation import CERTIFYING, TEAM
from support.keys import KEYS, asking_with, make_key
from support.registering import event, reported, world
from support.world import World

SHOWING = """\
[[rule]]
operations = ["change_visibility"]
subjects = ["core:**"]
requesters = ["person:*"]
approvals = []
"""
POLICY = TEAM + CERTIFYING + SHOWING + KEYS


def holder(*scopes: str) -> Caller:
    return Caller(
        principal_id="person:alice", credential_id="key_0", scopes=tuple(parse_scope(each) for each in scopes)
    )


def change(here: World, package: str, visibility: Value, **more: Any) -> Asked:
    intent = Intent(
        kind=OperationKind.CHANGE_VISIBILITY,
        subject=Subject(provider="core", name=package, version="", tag=""),
        params={"visibility": visibility},
    )
    context = more.pop("context", here.context)
    return here.run(ask(context, intent, requester="person:alice", contents={}))


def said_of(here: World, package: str) -> Visibility:
    return visibility_in(here.load(visibility_key(package), visibility_key(EVERY_OTHER)), package)


def test_a_package_is_public_until_something_else_is_said() -> None:
    here = World(POLICY)
    assert said_of(here, "@acme/tool") is Visibility.PUBLIC

    change(here, EVERY_OTHER, "private")
    change(here, "@acme/tool", "public")

    assert said_of(here, "@acme/tool") is Visibility.PUBLIC
    assert said_of(here, "@acme/other") is Visibility.PRIVATE
    assert len(here.entries("package.visibility.changed")) == 2


def test_what_is_said_by_name_goes_before_what_is_said_of_every_other_one() -> None:
    here = World(POLICY)
    change(here, "@acme/tool", "private")

    assert not here.run(may_see(here.context, NOBODY, "@acme/tool"))
    assert here.run(may_see(here.context, NOBODY, "@acme/other"))
    assert here.run(may_see(here.context, holder("runs:read=@acme/*"), "@acme/tool"))
    assert not here.run(may_see(here.context, holder("*=@other/*"), "@acme/tool"))
    assert here.run(may_see(here.context, None, "@acme/tool"))


@pytest.mark.parametrize(
    ("package", "visibility", "code"),
    [
        ("@acme/tool", "secret", "VISIBILITY_INVALID"),
        ("@acme/tool", 7, "VISIBILITY_INVALID"),
        ("Tool", "private", "NAME_INVALID"),
    ],
)
def test_what_is_no_visibility_or_no_package_is_refused(package: str, visibility: Value, code: str) -> None:
    with pytest.raises(PlacetError, match=code):
        change(World(POLICY), package, visibility)


def test_what_is_said_already_is_not_said_again() -> None:
    here = World(POLICY)
    change(here, "@acme/tool", "private")

    with pytest.raises(PlacetError, match="VISIBILITY_INVALID"):
        change(here, "@acme/tool", "private")


def test_no_key_changes_it_without_approvals() -> None:
    here = World(POLICY)
    key = make_key(here)
    assert OperationKind.CHANGE_VISIBILITY in GOVERNED_KINDS

    with here.refusing("APPROVALS_MISSING"):
        change(here, "@acme/tool", "private", context=asking_with(here, key))


def test_what_is_seen_of_all_packages_is_known_with_one_look() -> None:
    here = World(POLICY)
    change(here, "@acme/hidden", "private")
    change(here, "@acme/also", "private")
    public = here.run(sight_of(here.context, holder("*=@acme/also")))

    change(here, EVERY_OTHER, "private")
    change(here, "@acme/shown", "public")
    private = here.run(sight_of(here.context, NOBODY))

    assert public.hidden == {"@acme/hidden"}
    assert [public.sees(each) for each in ("@acme/hidden", "@acme/also", "any", "")] == [False, True, True, True]
    assert [private.sees(each) for each in ("@acme/hidden", "@acme/shown", "any", "")] == [False, True, False, False]
    assert not public.sees_everything
    assert not private.sees_everything
    assert here.run(sight_of(here.context, None)).sees_everything
    assert here.run(sight_of(here.context, holder("runs:read=**"))).sees_everything


def test_more_exceptions_than_a_page_holds_are_all_known() -> None:
    here = World(POLICY)
    names = [f"tool-{number}" for number in range(1001)]
    said = [PackageVisibility(package=name, visibility=Visibility.PRIVATE) for name in names]
    writes = {each.key: each.to_object() for each in said}
    here.commit(Decision(type="test.written", actor="service:test", subject="", data={}, writes=writes))

    assert here.run(sight_of(here.context, NOBODY)).hidden == set(names)


def test_a_certificate_of_a_hidden_package_is_missing_as_one_that_never_was() -> None:
    here = World(POLICY)
    certificate_id = here.certificate()
    change(here, "@acme/tool", "private")
    told = []
    for each in (certificate_id, "CERT-PKG-20200101-001"):
        with pytest.raises(NotFoundError) as missing:
            here.run(seen_certificate(here.context, NOBODY, each))
        told.append((missing.value.message.replace(each, "ID"), missing.value.hint))

    assert told[0] == told[1]
    assert here.run(seen_certificate(here.context, None, certificate_id)).certificate_id == certificate_id


async def another_package(hits: Sequence[Hit]) -> Sequence[Hit]:
    return [hit for hit in hits if hit.package != "@acme/tool"]


def test_a_search_finds_what_may_be_seen() -> None:
    here = world()
    here.run(ask(here.context, reported(here), requester="person:alice", contents={}))
    event(here)
    hits = here.run(search(here.context, "@acme/tool")).hits
    hidden = here.run(search(here.context, "@acme/tool", sees=another_package)).hits

    assert {Kind.PACKAGE, Kind.CERTIFICATE, Kind.RUN, Kind.RECEIPT} <= {each.kind for each in hits}
    assert {each.package for each in hits} == {"@acme/tool"}
    assert hidden == ()


def test_who_may_read_runs_is_said_by_a_scope_of_its_own() -> None:
    assert holder("runs:read=@acme/*").covers("runs:read", "@acme/tool")
    assert not holder("registry:write=@acme/*").covers("runs:read", "@acme/tool")
