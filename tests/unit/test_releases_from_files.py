"""A plan file tags and releases a repository: what follows from the tag's words nobody has to work out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from placet.domain.authorization.operation_params import check_params, with_tag_shas
from placet.domain.authorization.plan_file import parse_plan_file
from placet.errors import InvalidInputError
from placet.usecases.create_plan import Planned, PlanRequest, create_plan, rehearse_plan
from placet.usecases.rehearse_release import WouldShip
from support.github import ASSETS, MESSAGE, NOTES, pull_operation, release_operation, tag_operation, tag_sha
from support.github_world import GithubWorld, github_world
from support.installation import REQUESTER

FILE = '''
[[operation]]
kind = "tag_repo"
provider = "github"
name = "acme/tool"
tag = "v1.0.0"
message = """
tool 1.0.0

The first release.
"""
params = { commit_sha = "@COMMIT@", tagger_name = "Placet", tagger_email = "placet@example.com", \
tagged_at = "2026-01-02T03:04:05.000Z" }
preconditions = [{ fact = "tag:v1.0.0", expected = "absent" }]

[[operation]]
kind = "publish_release"
provider = "github"
name = "acme/tool"
tag = "v1.0.0"
notes = "The first release."
params = { commit_sha = "@COMMIT@", title = "tool 1.0.0", prerelease = false, latest = true }
artifacts = [{ file = "tool.zip" }]
'''
COMMIT = "c" * 40


@pytest.fixture
def hub() -> Iterator[GithubWorld]:
    with github_world() as world:
        yield world


def request(hub: GithubWorld, text: str = FILE) -> PlanRequest:
    file = parse_plan_file(text.replace("@COMMIT@", hub.github.commit).encode())
    return PlanRequest(file=file, tgz=b"", contents={"tool.zip": b"all of it"}, requester=REQUESTER)


def create(hub: GithubWorld, text: str = FILE) -> Planned:
    return hub.world.run(create_plan(hub.world.context, request(hub, text), progress=lambda *_: None))


def test_tag_and_release_are_made_once_under_one_approval(hub: GithubWorld) -> None:
    planned = create(hub)
    hub.world.approved(planned.plan)

    carried = hub.carry_out(planned.plan)

    tag, release = planned.plan.operations
    assert tag.params["tag_sha"] == release.params["tag_sha"] == tag_sha(hub.github.commit)
    assert [each.state.value for each in carried.reports] == ["executed", "executed"]
    assert hub.github.effects("ref", "draft", "asset") == {
        ("ref", "refs/tags/v1.0.0"): 1,
        ("draft", "v1.0.0"): 1,
        ("asset", "tool.zip"): 1,
    }


def test_a_dry_run_of_it_sends_nothing_that_acts(hub: GithubWorld) -> None:
    done = hub.world.run(rehearse_plan(hub.world.context, request(hub), progress=lambda *_: None))

    assert [each.would_ship for each in done.operations] == [WouldShip.AFTER_APPROVALS] * 2
    assert hub.github.sent() == []


def test_a_tag_s_sha_that_is_not_its_own_is_refused_before_anything_is_begun(hub: GithubWorld) -> None:
    with pytest.raises(InvalidInputError, match="PARAMS_INVALID: the tag's SHA is"):
        create(hub, FILE.replace('tagger_name = "Placet"', f'tagger_name = "Placet", tag_sha = "{"0" * 40}"'))
    assert hub.world.entries("run.requested") == []


def test_params_that_a_tag_does_not_take_are_refused_before_anything_is_begun(hub: GithubWorld) -> None:
    with pytest.raises(InvalidInputError, match="PARAMS_INVALID"):
        create(hub, FILE.replace('tagger_name = "Placet"', 'tagger_name = "Placet", force = true'))
    assert hub.world.entries("run.requested") == []


def test_a_release_of_a_tag_that_no_operation_makes_keeps_what_is_given() -> None:
    release = release_operation(COMMIT)

    assert with_tag_shas([release], [{}]) == [release]


def test_what_is_no_tag_is_left_as_it_is() -> None:
    pull = pull_operation(COMMIT)

    assert with_tag_shas([tag_operation(COMMIT), pull], [{"message": MESSAGE}, {}])[1] == pull


def test_a_release_whose_notes_are_yet_to_be_made_is_judged_by_its_params_alone() -> None:
    check_params(release_operation(COMMIT), {})
    check_params(release_operation(COMMIT), {"notes.md": NOTES, **ASSETS})
    with pytest.raises(InvalidInputError, match="PARAMS_INVALID"):
        check_params(release_operation(COMMIT, latest=True, prerelease=True), {})
