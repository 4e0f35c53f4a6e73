"""How the GitHub double shows what it holds: every member that GitHub's description requires."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from placet.demo.github_double_state import PLACET, Account

TIME = "2026-01-01T00:00:00Z"
_USER_LINKS = "followers following gists organizations received_events repos starred subscriptions events"
_REPOSITORY_LINKS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags "
    "teams trees clone git mirror ssh svn"
)
_COUNTS = (
    "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count network_count "
    "subscribers_count"
)
_FLAGS = "fork has_issues has_projects has_wiki has_pages has_discussions has_downloads archived disabled"


def node_id(*parts: object) -> str:
    """Return an opaque identifier, as every object of GitHub's has one."""
    return "N_" + hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def user(login: str, base: str, number: int = PLACET.number) -> dict[str, Any]:
    """Return an account."""
    url = f"{base}/users/{login}"
    links = {f"{name}_url": f"{url}/{name}" for name in _USER_LINKS.split()}
    return {
        **links,
        "login": login,
        "id": number,
        "node_id": node_id("user", login),
        "avatar_url": f"{url}/avatar",
        "gravatar_id": "",
        "html_url": url,
        "site_admin": False,
        "type": "User",
        "url": url,
    }


def account(by: Account | None, base: str) -> dict[str, Any] | None:
    """Return who did something, None where the account is no more."""
    return user(by.login, base, by.number) if by else None


def activity(members: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return what happened to a branch."""
    shown = {name: members[name] for name in ("id", "ref", "before", "after", "activity_type")}
    actor = account(members["actor"], base)
    return {**shown, "node_id": node_id("activity", members["id"]), "timestamp": TIME, "actor": actor}


def repository(full_name: str, number: int, base: str, *, push: bool) -> dict[str, Any]:
    """Return a repository, with what the credential may do there."""
    url = f"{base}/repos/{full_name}"
    owner, _, name = full_name.partition("/")
    return {
        **{f"{link}_url": f"{url}/{link}" for link in _REPOSITORY_LINKS.split()},
        **dict.fromkeys(_COUNTS.split(), 0),
        **dict.fromkeys(_FLAGS.split(), False),
        "id": number,
        "node_id": node_id("repository", full_name),
        "name": name,
        "full_name": full_name,
        "owner": user(owner, base),
        "private": True,
        "description": "a tool",
        "homepage": None,
        "language": "JavaScript",
        "license": None,
        "default_branch": "main",
        "html_url": url,
        "url": url,
        "created_at": TIME,
        "updated_at": TIME,
        "pushed_at": TIME,
        "permissions": {"admin": False, "push": push, "pull": True},
    }


def ref(full_name: str, name: str, kind: str, sha: str, base: str) -> dict[str, Any]:
    """Return a ref and where it points."""
    url = f"{base}/repos/{full_name}/git"
    return {
        "ref": name,
        "node_id": node_id("ref", full_name, name),
        "url": f"{url}/{name}",
        "object": {"type": kind, "sha": sha, "url": f"{url}/{kind}s/{sha}"},
    }


def tag(full_name: str, sha: str, members: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return a tag object."""
    url = f"{base}/repos/{full_name}/git"
    return {
        "node_id": node_id("tag", full_name, sha),
        "tag": members["tag"],
        "sha": sha,
        "url": f"{url}/tags/{sha}",
        "message": members["message"],
        "tagger": members["tagger"],
        "object": {"type": members["type"], "sha": members["object"], "url": f"{url}/commits/{members['object']}"},
    }


def asset(full_name: str, members: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return an asset of a release, without its bytes."""
    url = f"{base}/repos/{full_name}/releases/assets/{members['id']}"
    return {
        "id": members["id"],
        "node_id": node_id("asset", members["id"]),
        "name": members["name"],
        "label": "",
        "state": members["state"],
        "content_type": "application/octet-stream",
        "size": len(members["content"]),
        "digest": members["digest"],
        "download_count": 0,
        "created_at": TIME,
        "updated_at": TIME,
        "uploader": user("placet", base),
        "url": url,
        "browser_download_url": url,
    }


def release(full_name: str, members: Mapping[str, Any], base: str, uploads: str) -> dict[str, Any]:
    """Return a release with its assets."""
    url = f"{base}/repos/{full_name}/releases/{members['id']}"
    draft = members["draft"]
    return {
        **{name: members[name] for name in ("id", "tag_name", "target_commitish", "name", "body", "draft")},
        "prerelease": members["prerelease"],
        "node_id": node_id("release", members["id"]),
        "url": url,
        "html_url": f"{base}/{full_name}/releases/tag/{members['tag_name']}",
        "assets_url": f"{url}/assets",
        "upload_url": f"{uploads}/repos/{full_name}/releases/{members['id']}/assets{{?name,label}}",
        "tarball_url": None if draft else f"{url}/tarball",
        "zipball_url": None if draft else f"{url}/zipball",
        "created_at": TIME,
        "published_at": None if draft else TIME,
        "author": user("placet", base),
        "assets": [asset(full_name, each, base) for each in members["assets"].values()],
    }


def pull(full_name: str, members: Mapping[str, Any], base: str, *, whole: bool) -> dict[str, Any]:
    """Return a pull request: as lists show it, or `whole`."""
    url = f"{base}/repos/{full_name}/pulls/{members['number']}"
    home = repository(full_name, 1, base, push=True)
    links = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    shown = {
        **{name: members[name] for name in ("number", "title", "body", "state", "draft")},
        **{f"{name}_url": f"{url}/{name}" for name in ("comments", "commits", "statuses", "review_comments")},
        **dict.fromkeys(("diff_url", "patch_url", "issue_url", "html_url", "url", "review_comment_url"), url),
        **dict.fromkeys(("assignee", "milestone", "auto_merge")),
        "id": members["number"],
        "node_id": node_id("pull", full_name, members["number"]),
        "_links": {name: {"href": url} for name in links},
        "merge_commit_sha": members["merge_commit_sha"],
        **dict.fromkeys(("closed_at", "merged_at"), TIME if members["merge_commit_sha"] else None),
        "labels": [],
        "locked": False,
        "created_at": TIME,
        "updated_at": TIME,
        "user": user("placet", base),
        "author_association": "MEMBER",
        **{side: _side(full_name, members[side], members[f"{side}_sha"], home) for side in ("head", "base")},
    }
    counts = ("additions", "changed_files", "comments", "commits", "deletions", "review_comments")
    more = {
        **dict.fromkeys(counts, 0),
        "mergeable": None,
        "mergeable_state": "unknown",
        "merged": members["merge_commit_sha"] is not None,
        "merged_by": account(members["merged_by"], base),
        "maintainer_can_modify": False,
    }
    return {**shown, **more} if whole else shown


def _side(full_name: str, branch: str, sha: str, home: Mapping[str, Any]) -> dict[str, Any]:
    owner = full_name.partition("/")[0]
    return {"label": f"{owner}:{branch}", "ref": branch, "sha": sha, "repo": home, "user": home["owner"]}
