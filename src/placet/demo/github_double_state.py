"""What the GitHub double holds: refs, tag objects, releases, assets, pull requests, and how often each was made."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

from msgspec import Struct, field

from placet.domain.encoding.git_tag import Tagger, git_sha, tag_object


class RefusedError(Exception):
    """GitHub refuses a request, with a status and a message; `code` is that of a validation error."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        """Keep all."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


class Account(Struct, frozen=True):
    """An account of GitHub's: names are given up and taken again, ids are not."""

    login: str
    number: int


PLACET = Account("placet", 1)
"""Whose the credential is."""
DEVELOPER = Account("dana", 5001)
"""Who pushes and merges where nobody else is named."""
NOTHING = "0" * 40


class Repository(Struct):
    """One repository. `effects` counts by (kind, name) what was made, `readable` whether the credential sees it."""

    full_name: str
    number: int
    commits: set[str] = field(default_factory=set)
    refs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, dict[str, Any]] = field(default_factory=dict)
    releases: dict[int, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    readable: bool = True
    may_push: bool = True
    tells_digests: bool = True
    _numbers: Iterator[int] = field(default_factory=lambda: count(1001))

    def commit(self, branch: str, text: str = "", *, by: Account | None = DEVELOPER, below: int = 0) -> str:
        """Push a new commit to a branch and return its SHA.

        With `below`, that many others lie on it in the same push, and only the last is where the branch
        is. `by` is None where the account is no more.
        """
        made = [git_sha("commit", f"{branch} {text} {len(self.commits) + each}".encode()) for each in range(below + 1)]
        self.commits.update(made)
        self.put_branch(branch, made[-1], by=by)
        return made[0]

    def put_branch(self, branch: str, sha: str, *, by: Account | None, kind: str = "push") -> None:
        """Put a branch at a commit, as an activity of that kind; a branch that was not is made."""
        name = f"refs/heads/{branch}"
        before = self.refs.get(name, NOTHING)
        self.refs[name] = sha
        self._note(name, before, sha, by, kind if before != NOTHING else "branch_creation")

    def _note(self, name: str, before: str, after: str, by: Account | None, kind: str) -> None:
        number = len(self.activities) + 1
        self.activities.append(
            {"id": number, "ref": name, "before": before, "after": after, "activity_type": kind, "actor": by}
        )

    def kind_of(self, sha: str) -> str:
        """Return what an object is."""
        return "tag" if sha in self.tags else "commit"

    def make_tag(self, members: dict[str, Any]) -> str:
        """Make a tag object, which no ref points at; the same again is the same object."""
        _require(members, "tag", "message", "object", "type")
        if members["object"] not in self.commits or members["type"] != "commit":
            raise RefusedError(422, "Could not verify object")
        tagger = members.get("tagger") or {
            "name": "placet",
            "email": "placet@example.com",
            "date": "2026-01-01T00:00:00Z",
        }
        at = datetime.fromisoformat(tagger["date"])
        said = Tagger(name=tagger["name"], email=tagger["email"], at=at)
        sha = git_sha("tag", tag_object(members["object"], members["tag"], said, members["message"].encode()))
        self.tags[sha] = {**members, "tagger": tagger}
        self.effects["tag_object", sha] += 1
        return sha

    def make_ref(self, name: str, sha: str) -> None:
        """Make a ref, once."""
        if not name.startswith("refs/") or name.count("/") < 2:  # noqa: PLR2004 - refs/heads/main
            raise RefusedError(422, f"{name} is not a valid ref name.")
        if name in self.refs:
            raise RefusedError(422, "Reference already exists")
        if sha not in self.commits and sha not in self.tags:
            raise RefusedError(422, "Object does not exist")
        self.refs[name] = sha
        if name.startswith("refs/heads/"):
            self._note(name, NOTHING, sha, PLACET, "branch_creation")
        self.effects["ref", name] += 1

    def make_release(self, members: dict[str, Any]) -> dict[str, Any]:
        """Make a release: a draft may stand beside others of its tag, a published one not."""
        _require(members, "tag_name")
        made = {
            "id": next(self._numbers),
            "tag_name": members["tag_name"],
            "target_commitish": members.get("target_commitish", "main"),
            "name": members.get("name"),
            "body": members.get("body"),
            "draft": True,
            "prerelease": members.get("prerelease", False),
            "assets": {},
        }
        wants_draft = members.get("draft", False)
        if not wants_draft:
            self._publish(made)
        self.releases[made["id"]] = made
        self.effects["draft" if wants_draft else "publish", made["tag_name"]] += 1
        return made

    def change_release(self, number: int, members: dict[str, Any]) -> dict[str, Any]:
        """Change a release; one that ceases to be a draft is published."""
        release = self.release(number)
        known = ("tag_name", "target_commitish", "name", "body", "prerelease")
        changed = {**release, **{name: members[name] for name in known if name in members}}
        if release["draft"] and members.get("draft") is False:
            self._publish(changed)
            self.effects["publish", changed["tag_name"]] += 1
        release.update(changed)
        return release

    def release(self, number: int) -> dict[str, Any]:
        """Return a release, a draft only to who may push."""
        release = self.releases.get(number)
        if release is None or (release["draft"] and not self.may_push):
            raise RefusedError(404, "Not Found")
        return release

    def shown_releases(self) -> list[dict[str, Any]]:
        """Return the releases that the credential sees, newest first."""
        return [each for each in reversed(self.releases.values()) if self.may_push or not each["draft"]]

    def add_asset(self, number: int, name: str, content: bytes, *, state: str = "uploaded") -> dict[str, Any]:
        """Add an asset to a release; names are unique there."""
        release = self.release(number)
        if any(each["name"] == name for each in release["assets"].values()):
            raise RefusedError(422, "Validation Failed", "already_exists")
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}" if self.tells_digests else None
        made = {"id": next(self._numbers), "name": name, "content": content, "state": state, "digest": digest}
        release["assets"][made["id"]] = made
        self.effects["asset", name] += 1
        return made

    def asset(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return an asset and its release."""
        for release in self.releases.values():
            if number in release["assets"]:
                return release["assets"][number], self.release(release["id"])
        raise RefusedError(404, "Not Found")

    def open_pull(self, members: dict[str, Any]) -> dict[str, Any]:
        """Open a pull request between two branches, which may have one open at a time."""
        _require(members, "head", "base", "title")
        head, base = self.refs.get(f"refs/heads/{members['head']}"), self.refs.get(f"refs/heads/{members['base']}")
        if head is None or base is None:
            raise RefusedError(422, "Validation Failed", "invalid")
        sides = (members["head"], members["base"])
        if any(each["state"] == "open" and (each["head"], each["base"]) == sides for each in self.pulls.values()):
            raise RefusedError(422, "Validation Failed", "custom")
        number = len(self.pulls) + 1
        self.pulls[number] = {
            "number": number,
            "title": members["title"],
            "body": members.get("body"),
            "state": "open",
            "draft": members.get("draft", False),
            "head": members["head"],
            "base": members["base"],
            "base_sha": base,
            "head_sha": head,
            "merged_by": None,
            "merge_commit_sha": None,
        }
        self.effects["pull", members["head"]] += 1
        return self.pulls[number]

    def merge_pull(self, number: int, *, by: Account | None = DEVELOPER) -> str:
        """Merge a pull request by a new commit on its base, and return that commit."""
        pull = self.pulls[number]
        sha = git_sha("commit", f"merge {number} {len(self.commits)}".encode())
        self.commits.add(sha)
        self.put_branch(pull["base"], sha, by=by, kind="pr_merge")
        pull.update(state="closed", merge_commit_sha=sha, merged_by=by)
        return sha

    def pulls_of(self, sha: str) -> list[dict[str, Any]]:
        """Return the pull requests whose head or merge is this commit."""
        if sha not in self.commits:
            raise RefusedError(422, f"No commit found for SHA: {sha}")
        return [each for each in self.pulls.values() if sha in (each["head_sha"], each["merge_commit_sha"])]

    def pull(self, number: int) -> dict[str, Any]:
        """Return a pull request."""
        if number not in self.pulls:
            raise RefusedError(404, "Not Found")
        return self.pulls[number]

    def push(self, branch: str, text: str = "pushed", *, by: Account | None = DEVELOPER) -> str:
        """Move a branch on by a commit, its open pull requests with it."""
        sha = self.commit(branch, text, by=by)
        for each in self.pulls.values():
            if each["head"] == branch and each["state"] == "open":
                each["head_sha"] = sha
        return sha

    def _publish(self, release: dict[str, Any]) -> None:
        """Publish, making a missing tag as GitHub does: a plain ref at the target."""
        tag = release["tag_name"]
        if any(each["tag_name"] == tag and not each["draft"] for each in self.releases.values()):
            raise RefusedError(422, "Validation Failed", "already_exists")
        if f"refs/tags/{tag}" not in self.refs:
            target = self.refs.get(f"refs/heads/{release['target_commitish']}", release["target_commitish"])
            if target not in self.commits:
                raise RefusedError(422, "Validation Failed", "invalid")
            self.make_ref(f"refs/tags/{tag}", target)
        release["draft"] = False


def read_members(body: bytes) -> dict[str, Any]:
    """Return the object that a request's body is, or refuse it."""
    try:
        members = json.loads(body)
    except ValueError as error:
        raise RefusedError(400, "Problems parsing JSON") from error
    if not isinstance(members, dict):
        raise RefusedError(400, "Body should be a JSON object")
    return members


def _require(members: dict[str, Any], *names: str) -> None:
    if any(not isinstance(members.get(name), str) for name in names):
        raise RefusedError(422, "Invalid request.", "missing_field")
