"""Which accounts pushed and merged a commit, as GitHub's own records say (protocol 6).

Pushers are the actors of every activity of the repository that left a branch at the commit. Mergers
are who merged the pull requests that GitHub associates with it. Authors and committers are free text
and are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable

from placet.adapters.github.answers import CODE, UnclearError, number_of, object_of, text_of
from placet.adapters.github.client import Repository
from placet.domain.encoding.foreign_json import Json, JsonObject

NOBODY = "none"
_BRANCH_DELETION = "branch_deletion"
_MOST_PULLS = 100


async def pushers_of(repository: Repository, commit: str) -> str:
    """Return the ids of the accounts that put a branch at `commit`, by pushing, merging or making it.

    Raise `UnclearError` also where GitHub's list has none, or names no account for one of them: the
    commit came in below another one, under a tag alone, or before the list begins, and who brought
    it is not told. Nobody is never the answer.
    """
    await repository.check_readable()
    arrivals = [each for each in await repository.pages_by_cursor("/activity") if _arrives_at(each, commit)]
    if not arrivals:
        raise UnclearError("PROVIDER_UNCLEAR", f"GitHub does not tell who pushed {commit}")
    return _ids(each.get("actor") for each in arrivals)


async def mergers_of(repository: Repository, commit: str) -> str:
    """Return the ids of the accounts that merged the pull requests of `commit` here, `none` where none is merged.

    Raise `UnclearError`, also where GitHub names no account for one of them.
    """
    await repository.check_readable()
    pulls = await repository.pages(f"/commits/{commit}/pulls")
    merged = [number_of(each, "number") for each in pulls if _is_merged_here(each, repository)]
    if len(merged) > _MOST_PULLS:
        raise UnclearError("PROVIDER_UNCLEAR", f"more than {_MOST_PULLS} pull requests brought {commit}")
    return _ids([await _merger(repository, number) for number in merged]) or NOBODY


def _arrives_at(activity: JsonObject, commit: str) -> bool:
    return text_of(activity, "after") == commit and text_of(activity, "activity_type") != _BRANCH_DELETION


def _is_merged_here(pull: JsonObject, repository: Repository) -> bool:
    """Tell whether the pull request is merged: into this repository, for numbers mean others elsewhere."""
    base = object_of(object_of(pull, "base"), "repo")
    if "merged_at" not in pull:
        raise UnclearError(CODE, "GitHub's answer does not tell whether a pull request is merged")
    return pull["merged_at"] is not None and text_of(base, "full_name").lower() == repository.name


async def _merger(repository: Repository, number: int) -> Json:
    pull = await repository.one(f"/pulls/{number}")
    if number_of(pull, "number") != number or pull.get("merged") is not True:
        raise UnclearError(CODE, f"GitHub's answers about pull request {number} contradict each other")
    return pull.get("merged_by")


def _ids(accounts: Iterable[Json]) -> str:
    found: set[int] = set()
    for account in accounts:
        if not isinstance(account, dict) or number_of(account, "id") < 1:
            raise UnclearError(CODE, "GitHub names no account")
        found.add(number_of(account, "id"))
    return ",".join(str(each) for each in sorted(found))
