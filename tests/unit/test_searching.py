"""What was published, certified, authorised and recorded is found by ids and by parts of names, a page at a time."""

from __future__ import annotations

import pytest

from placet.core.entities.names import about_in, as_wanted, is_first_row, name_rows, word_rows
from placet.core.runs import open_run
from placet.domain.package.publish_request import PublishRequest
from placet.domain.values.kinds import Mode
from placet.errors import InvalidInputError
from placet.usecases.publish_package import publish_package
from placet.usecases.search import Hits, Kind, search
from support.archives import manifest, package_json, tgz
from support.installation import POLICY, REQUESTER
from support.world import World

FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")


def publish(world: World, version: str = "1.0.0") -> str:
    world.move(seconds=1)
    asked = PublishRequest(tgz=tgz(package_json(manifest("@acme/tool", version))), requester=REQUESTER, to=("npm",))
    return world.run(publish_package(world.context, asked, progress=lambda *_: None)).run.run_id


def find(world: World, query: str, *kinds: Kind, limit: int = 50, after: str = "") -> Hits:
    return world.run(search(world.context, query, kinds=kinds or tuple(Kind), limit=limit, after=after))


def ids(found: Hits) -> list[str]:
    return [each.hit_id for each in found.hits]


@pytest.fixture(scope="module")
def published() -> World:
    world = World(FREE)
    publish(world)
    return world


@pytest.mark.parametrize("query", ["@acme/tool", "@acme", "acme/", "tool", "ool", "TOOL", "tool@1.0", "l"])
def test_a_package_is_found_by_any_part_of_its_name(published: World, query: str) -> None:
    (hit,) = find(published, query, Kind.PACKAGE).hits

    assert (hit.about, hit.state) == ("@acme/tool@1.0.0", "published")


def test_of_each_kind_something_is_found_by_name(published: World) -> None:
    found = find(published, "tool")

    assert {each.kind for each in found.hits} == set(Kind)
    assert found.after == ""


def test_everything_that_is_found_is_found_again_by_its_id(published: World) -> None:
    for hit in find(published, "tool").hits:
        assert hit.hit_id in ids(find(published, hit.hit_id, hit.kind)), hit.kind


@pytest.mark.parametrize(
    ("query", "kind"),
    [("CERT-PKG-", Kind.CERTIFICATE), ("fc-receipt-", Kind.RECEIPT), ("run_", Kind.RUN), ("reg_", Kind.PACKAGE)],
)
def test_the_beginning_of_an_id_finds_it(published: World, query: str, kind: Kind) -> None:
    assert ids(find(published, query, kind))


def test_a_digest_finds_the_package_of_these_bytes(published: World) -> None:
    (entry,) = published.entries("package.registered")
    assert isinstance(entry.body.data, dict)

    (hit,) = find(published, str(entry.body.data["sha256"])).hits

    assert hit.about == "@acme/tool@1.0.0"


def test_a_run_s_id_finds_its_receipts_and_events(published: World) -> None:
    (run,) = find(published, "tool", Kind.RUN).hits
    found = find(published, run.hit_id)

    kinds = [each.kind for each in found.hits]
    assert (kinds.count(Kind.RECEIPT), kinds.count(Kind.RUN)) == (3, 1)
    assert {"package.published", "package.registered", "run.executed"} <= {each.state for each in found.hits}


def test_what_is_not_there_is_not_found(published: World) -> None:
    assert find(published, "nothing-of-the-kind") == Hits(hits=(), after="")


def test_pages_follow_one_another_without_a_gap_or_a_repetition() -> None:
    world = World(FREE)
    for number in range(5):
        publish(world, f"1.0.{number}")
    whole = find(world, "tool", limit=1000)

    pages, after = [], ""
    while True:
        page = find(world, "tool", limit=2, after=after)
        pages += ids(page)
        after = page.after
        if not after:
            break

    assert pages == ids(whole)
    assert len(set(pages)) == len(pages)


def test_a_page_costs_the_same_however_much_there_is() -> None:
    costs = []
    for runs in (20, 200):
        world = World(FREE)
        for number in range(runs):
            subject = f"@acme/tool@1.0.{number}"
            world.run(open_run(world.context, mode=Mode.PROD, requester=REQUESTER, subject=subject))
        world.store.loaded.clear()
        assert len(find(world, "tool", Kind.RUN, limit=10).hits) == 10
        costs.append(len(world.store.loaded))
        assert max(map(len, world.store.loaded)) <= 100
        assert len(find(world, "tool", Kind.RUN, limit=1000).hits) == runs

    assert costs[0] == costs[1] == 2


@pytest.mark.parametrize("query", ["", "x" * 257, "\u00e9", "a\nb"])
def test_what_can_stand_in_no_name_is_refused(published: World, query: str) -> None:
    with pytest.raises(InvalidInputError, match="QUERY_INVALID"):
        find(published, query)


@pytest.mark.parametrize("after", ["x", "e30=", "WzEsMl0=", "Wzk5LCAiYSIsICJiIl0=", "\u00e9", "W" * 5000])
def test_a_place_where_no_page_ended_is_refused(published: World, after: str) -> None:
    with pytest.raises(InvalidInputError, match="CURSOR_INVALID"):
        find(published, "tool", after=after)


def test_a_name_has_a_row_for_each_place_at_which_it_can_be_entered() -> None:
    assert name_rows("x", "@A/b@1") == [
        ("x", "@a/b@1 @A/b@1"),
        ("x", "a/b@1 @A/b@1"),
        ("x", "/b@1 @A/b@1"),
        ("x", "b@1 @A/b@1"),
    ]
    assert name_rows("x", "ab") == [("x", "ab ab"), ("x", "b ab")]
    assert len(name_rows("x", "a" * 200)) == 64


def test_a_run_has_a_row_for_each_word_at_which_it_can_be_entered() -> None:
    assert word_rows("x", "core:@Acme/left-pad@1.0.0") == [
        ("x", "core:@acme/left-pad@1.0.0 core:@Acme/left-pad@1.0.0"),
        ("x", "@acme/left-pad@1.0.0 core:@Acme/left-pad@1.0.0"),
        ("x", "acme/left-pad@1.0.0 core:@Acme/left-pad@1.0.0"),
        ("x", "left-pad@1.0.0 core:@Acme/left-pad@1.0.0"),
        ("x", "pad@1.0.0 core:@Acme/left-pad@1.0.0"),
    ]
    assert word_rows("x", "_x") == [("x", "_x _x"), ("x", "x _x")]


@pytest.mark.parametrize("wanted", ["", "a", "ana", "an", "na-b", "b", "banana-ban@1", "x"])
def test_a_run_is_shown_once_by_rows_of_words_and_of_any_part_which_older_ones_have(wanted: str) -> None:
    about = "banana-ban@1"
    words = [value for _, value in word_rows("x", about) if value.startswith(wanted)]
    parts = [value for _, value in name_rows("x", about) if value.startswith(wanted)]

    assert sum(is_first_row(value, wanted) for value in words) == (1 if words else 0)
    assert sum(is_first_row(value, wanted) for value in parts) == (1 if parts else 0)


def test_of_several_rows_of_one_name_one_is_shown() -> None:
    rows = [value for _, value in name_rows("x", "banana@1")]

    assert [is_first_row(value, "ana") for value in rows if value.startswith("ana")] == [False, True]
    assert {about_in(value) for value in rows} == {"banana@1"}
    assert as_wanted("BaN") == "ban"
