"""One approved plan tags a commit, releases it with its assets and opens a pull request, each once."""

from __future__ import annotations

import hashlib

import pytest

from placet.domain.authorization.facts import ReceiptState
from placet.errors import ApprovalsPendingError
from placet.usecases.reconcile import reconcile
from support.github import ASSETS, MESSAGE, NOTES, TAG
from support.github_world import github_world

ONCE = {
    ("ref", f"refs/tags/{TAG}"): 1,
    ("draft", TAG): 1,
    **{("asset", name): 1 for name in ASSETS},
    ("publish", TAG): 1,
    ("pull", "docs-1.0.0"): 1,
}


def test_a_plan_is_carried_out_once_approved_and_the_same_again_changes_nothing() -> None:
    with github_world() as at:
        head = at.github.with_branch()
        plan = at.plan(at.tag(), at.release(), at.pull(head))
        with pytest.raises(ApprovalsPendingError):
            at.carry_out(plan)
        assert at.github.sent() == []

        carried = at.carry_out(at.world.approved(plan))
        (release,) = at.github.repository.releases.values()
        sent = len(at.github.sent())

        assert [report.state for report in carried.reports] == [ReceiptState.EXECUTED] * 3
        assert at.github.effects("ref", "draft", "asset", "publish", "pull") == ONCE
        assert (release["draft"], release["tag_name"], release["target_commitish"]) == (False, TAG, at.github.commit)
        assert {each["name"]: each["content"] for each in release["assets"].values()} == ASSETS
        assert release["body"].startswith(NOTES.decode())
        assert at.world.run(reconcile(at.world.context)) == []
        assert len(at.github.sent()) == sent


def test_the_record_says_what_was_sent_and_what_github_showed() -> None:
    with github_world() as at:
        carried = at.carry_out(at.approved_release())
        tag, release = (report.response for report in carried.reports)
        tag_object = at.github.repository.refs[f"refs/tags/{TAG}"]

        assert (tag["requests"], tag["tag_sha"]) == (["tag_object", "ref"], tag_object)
        assert release["requests"] == ["draft", *(f"asset:{name}" for name in ASSETS), "publish"]
        assert (release["tag_sha"], release["found_by"]) == (tag_object, "answer")
        assert at.github.repository.tags[tag_object]["message"] == MESSAGE.decode()
        digests = [each["digest"] for each in next(iter(at.github.repository.releases.values()))["assets"].values()]
        assert digests == [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in ASSETS.values()]
