from __future__ import annotations

from typing import Any

import pytest

from placet.demo.github_double import Fault
from placet.domain.authorization.repository_operations import marked, marker_of
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Presence
from support.github import ASSETS, NOTES, TAG, Github, release_operation, running_github, tag_sha

WHOLE = {("draft", TAG): 1, ("publish", TAG): 1, **{("asset", name): 1 for name in ASSETS}}


def made(github: Github) -> dict[tuple[str, str], int]:
    return github.effects("draft", "asset", "publish")


def a_draft(github: Github, **changed: Any) -> dict[str, Any]:
    """Make the draft that our executor would have made, with `changed` members."""
    operation = release_operation(github.commit)
    members = {
        "tag_name": TAG,
        "target_commitish": github.commit,
        "name": "tool 1.0.0",
        "body": marked(NOTES.decode(), marker_of(operation)),
        "draft": True,
        "prerelease": False,
    }
    return github.repository.make_release({**members, **changed})


def test_a_release_is_a_draft_its_assets_and_then_published_by_its_number() -> None:
    with running_github() as github:
        outcome = github.tagged().release()

    (release,) = github.repository.releases.values()
    number = release["id"]
    assert (outcome.status, outcome.response["found_by"]) == (OutcomeStatus.EXECUTED, "answer")
    assert (outcome.response["release_id"], outcome.response["tag_sha"]) == (number, tag_sha(github.commit))
    assert github.sent() == [
        ("POST", "/releases"),
        ("POST", f"/releases/{number}/assets"),
        ("POST", f"/releases/{number}/assets"),
        ("PATCH", f"/releases/{number}"),
    ]
    assert (release["name"], release["target_commitish"]) == ("tool 1.0.0", github.commit)
    assert release["body"] == marked(NOTES.decode(), marker_of(release_operation(github.commit)))


def test_a_release_without_assets_is_published() -> None:
    with running_github() as github:
        outcome = github.tagged().release(assets={})

    assert (outcome.status, made(github)) == (OutcomeStatus.EXECUTED, {("draft", TAG): 1, ("publish", TAG): 1})


def test_a_pre_release_of_a_plain_tag_is_published_as_one() -> None:
    with running_github() as github:
        github.repository.refs[f"refs/tags/{TAG}"] = github.commit
        planned = release_operation(github.commit, tag_sha=github.commit, prerelease=True, latest=False)
        outcome = github.perform(planned)
        (asked,) = (asked for asked, _ in github.double.exchanges if asked.method == "PATCH")

    (release,) = github.repository.releases.values()
    assert (outcome.status, release["prerelease"]) == (OutcomeStatus.EXECUTED, True)
    assert b'"make_latest":"false"' in asked.body


def test_a_release_before_its_tag_is_failed_and_nothing_is_sent() -> None:
    with running_github() as github:
        outcome = github.release()

    assert (outcome.status, outcome.error_code, github.sent()) == (OutcomeStatus.FAILED, "TAG_ABSENT", [])


def test_a_release_that_stands_as_planned_is_adopted() -> None:
    with running_github() as github:
        outcomes = [github.tagged().release(), github.release()]

    assert [outcome.response["found_by"] for outcome in outcomes] == ["answer", "look_up"]
    assert made(github) == WHOLE


@pytest.mark.parametrize("step", ["/releases", "/assets", "/releases/1"])
@pytest.mark.parametrize("status", [401, 403, 404, 429, 502])
def test_a_release_that_stopped_half_way_is_adopted_and_finished(step: str, status: int) -> None:
    method = "PATCH" if step == "/releases/1" else "POST"
    with running_github() as github:
        github.tagged().double.inject(Fault(method=method, path=step, status=status))
        stopped = github.release()
        found = github.look_up(release_operation(github.commit))
        finished = github.release()

    doubt = OutcomeStatus.INDETERMINATE if status == 502 else OutcomeStatus.FAILED
    assert (stopped.status, found.presence, finished.status) == (doubt, Presence.ABSENT, OutcomeStatus.EXECUTED)
    assert made(github) == WHOLE


def test_a_draft_of_ours_is_found_behind_many_pages_of_releases() -> None:
    with running_github(page_cap=7) as github:
        draft = a_draft(github.tagged())
        for number in range(40):
            github.repository.make_release({"tag_name": f"v0.{number}.0", "draft": True})
        found = github.look_up(release_operation(github.commit))
        outcome = github.release()

    assert (found.presence, found.response) == (Presence.ABSENT, {"draft": draft["id"]})
    assert (outcome.status, outcome.response["release_id"]) == (OutcomeStatus.EXECUTED, draft["id"])


def test_of_two_drafts_of_ours_the_older_is_finished_and_the_other_stays_a_draft() -> None:
    with running_github() as github:
        first, second = a_draft(github.tagged()), a_draft(github)
        outcome = github.release()

    assert (outcome.status, outcome.response["release_id"]) == (OutcomeStatus.EXECUTED, first["id"])
    assert github.repository.releases[second["id"]]["draft"]


def test_assets_that_stand_in_our_draft_are_not_sent_again() -> None:
    with running_github() as github:
        draft = a_draft(github.tagged())
        github.repository.add_asset(draft["id"], "tool-1.0.0.tgz", ASSETS["tool-1.0.0.tgz"])
        outcome = github.release()

    assert (outcome.status, made(github)) == (OutcomeStatus.EXECUTED, WHOLE)


def test_an_upload_of_ours_that_broke_off_is_cleared_away_and_sent_again() -> None:
    with running_github() as github:
        draft = a_draft(github.tagged())
        broken = github.repository.add_asset(draft["id"], "tool-1.0.0.tgz", b"the ar", state="open")
        outcome = github.release()

    assert outcome.status is OutcomeStatus.EXECUTED
    assert ("DELETE", f"/releases/assets/{broken['id']}") in github.sent("DELETE")
    assert broken["id"] not in draft["assets"]


def test_a_broken_upload_that_cannot_be_cleared_away_publishes_nothing() -> None:
    with running_github() as github:
        draft = a_draft(github.tagged())
        github.repository.add_asset(draft["id"], "tool-1.0.0.tgz", b"", state="open")
        github.double.inject(Fault(method="DELETE", status=403))
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED")
    assert draft["draft"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("tool-1.0.0.tgz", b"the Archive", id="other bytes of the same size"),
        pytest.param("tool-1.0.0.tgz", b"more", id="other bytes"),
        pytest.param("more.txt", b"more", id="one more"),
    ],
)
def test_an_asset_that_was_not_planned_is_a_conflict_and_stays(name: str, content: bytes) -> None:
    with running_github() as github:
        draft = a_draft(github.tagged())
        theirs = github.repository.add_asset(draft["id"], name, content)
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "ASSET_CONFLICT")
    assert draft["draft"]
    assert draft["assets"][theirs["id"]]["content"] == content


def test_an_asset_exchanged_while_the_release_is_published_is_a_conflict() -> None:
    with running_github() as github:

        def exchange() -> None:
            (release,) = github.repository.releases.values()
            next(iter(release["assets"].values())).update(digest="sha256:" + "ab" * 32)

        github.tagged().double.inject(github.fault("PATCH", happens=exchange))
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "RELEASE_CONFLICT")


@pytest.mark.parametrize("content", [b"the archive", b"the Archive"])
def test_where_github_tells_no_digests_the_bytes_are_compared(content: bytes) -> None:
    with running_github() as github:
        github.repository.tells_digests = False
        draft = a_draft(github.tagged())
        github.repository.add_asset(draft["id"], "tool-1.0.0.tgz", content)
        outcome = github.release()

    executed = content == ASSETS["tool-1.0.0.tgz"]
    assert outcome.status is (OutcomeStatus.EXECUTED if executed else OutcomeStatus.CONFLICT)


def test_where_github_leads_elsewhere_for_the_bytes_nothing_is_followed_nor_published() -> None:
    with running_github() as canary, running_github() as github:
        github.repository.tells_digests = False
        draft = a_draft(github.tagged())
        github.repository.add_asset(draft["id"], "tool-1.0.0.tgz", ASSETS["tool-1.0.0.tgz"])
        to = {"location": canary.double.url}
        github.double.inject(Fault(method="GET", path="/releases/assets/", status=302, headers=to, times=9))
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_UNCLEAR")
    assert (canary.double.connections, draft["draft"]) == (0, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "another title"},
        {"body": "no marker"},
        {"target_commitish": "main"},
        {"prerelease": True},
    ],
    ids=["title", "body", "target", "pre-release"],
)
def test_a_published_release_with_other_content_is_a_conflict_and_stays(changed: dict[str, Any]) -> None:
    with running_github() as github:
        theirs = a_draft(github.tagged(), draft=False, **changed)
        before = dict(theirs)
        outcome = github.release()
        found = github.look_up(release_operation(github.commit))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "RELEASE_CONFLICT")
    assert (found.presence, theirs) == (Presence.OTHER, before)
    assert github.sent() == []


def test_a_release_of_another_tag_is_none_of_ours() -> None:
    with running_github() as github:
        github.tagged().repository.make_release({"tag_name": "v0.9.0", "target_commitish": github.commit})
        outcome = github.release()

    assert outcome.status is OutcomeStatus.EXECUTED


def test_releases_that_cannot_be_told_leave_nothing_sent() -> None:
    with running_github() as github:
        github.tagged().double.inject(Fault(method="GET", path="/releases", status=503, times=9))
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_UNCLEAR")
    assert github.sent() == []


def test_a_draft_whose_assets_are_never_shown_is_not_published() -> None:
    with running_github() as github:
        github.tagged().double.inject(github.fault("GET", "/assets", status=200, body=b"[]", times=99))
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS")
    assert ("publish", TAG) not in made(github)


def test_an_address_that_is_no_printable_text_is_left_out_of_the_record() -> None:
    with running_github() as github:
        github.tagged().repository.full_name = "acme/tool"
        github.release()
        (release,) = github.repository.releases.values()
        shown = b'{"id": %d, "html_url": "https://x/\\u202e", "draft": false, "tag_name": "v1.0.0",' % release["id"]
        shown += (
            b'"target_commitish": "%s", "name": "tool 1.0.0", "prerelease": false, "body": ' % github.commit.encode()
        )
        shown += b'"%s"}' % release["body"].replace("\n", "\\r\\n").encode()
        github.double.inject(github.fault("GET", "/releases", status=200, body=b"[" + shown + b"]"))
        found = github.look_up(release_operation(github.commit))

    assert (found.presence, found.response["url"]) == (Presence.SAME, "")


def test_the_operation_that_lost_its_fence_publishes_nothing_and_its_draft_is_adopted() -> None:
    with running_github() as github:

        def lose() -> None:
            github.world.fence.held = False

        github.tagged().double.inject(github.fault("POST", "/assets", happens=lose))
        lost = github.release()
        github.world.fence.held = True
        finished = github.release()

    assert (lost.status, lost.error_code) == (OutcomeStatus.FAILED, "FENCE_LOST")
    assert (finished.status, made(github)) == (OutcomeStatus.EXECUTED, WHOLE)
