"""Whether a release stands as planned, and whether its tag still does (protocol 5)."""

from __future__ import annotations

from placet.adapters.github.answers import UnclearError, number_of, text_of
from placet.adapters.github.client import Repository
from placet.adapters.github.release_state import assets_of, releases_of, says_what_was_planned
from placet.domain.authorization.repository_operations import PlannedRelease
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.foreign_json import JsonObject
from placet.ports.effects import Finding, Presence

ABSENT = "absent"


async def look_up_release(repository: Repository, planned: PlannedRelease) -> Finding:
    """Tell whether the release is published as planned, something else is, or nothing.

    A draft of ours that is not published is *absent*, and named: the next attempt adopts it.
    """
    try:
        releases = await releases_of(repository, planned)
        if len(releases.published) > 1:
            return Finding(presence=Presence.OTHER, response={"releases": len(releases.published)})
        if releases.published:
            return await judge_published(repository, releases.published[0], planned)
    except UnclearError:
        return Finding(presence=Presence.UNKNOWN)
    drafts: Object = {"draft": number_of(releases.drafts[0], "id")} if releases.drafts else {}
    return Finding(presence=Presence.ABSENT, response=drafts)


async def judge_published(repository: Repository, release: JsonObject, planned: PlannedRelease) -> Finding:
    """Tell whether a published release is ours, whole, and of the planned commit; raise `UnclearError`.

    What is not shown (an asset, the tag) may only not be shown yet: that is no finding. What is
    shown and differs is *other*.
    """
    release_id = number_of(release, "id")
    response: Object = {"release_id": release_id}
    if not says_what_was_planned(release, planned):
        return Finding(presence=Presence.OTHER, response=response)
    assets = await assets_of(repository, release_id, planned)
    if assets.other:
        return Finding(presence=Presence.OTHER, response={**response, "reason": "assets"})
    tag = await tag_standing(repository, planned)
    if tag not in (planned.tag_sha, ABSENT):
        return Finding(presence=Presence.OTHER, response={**response, "tag_sha": tag})
    if tag == ABSENT or not assets.whole:
        return Finding(presence=Presence.UNKNOWN, response={**response, "reason": "not shown"})
    return Finding(presence=Presence.SAME, response={**response, "tag_sha": tag, "url": _address(release)})


async def tag_standing(repository: Repository, planned: PlannedRelease) -> str:
    """Return `tag_sha` where the tag stands there and leads to the planned commit, else where it leads.

    `absent` where there is no such tag. Raise `UnclearError`.
    """
    ref = await repository.ref("tags", planned.tag)
    if ref is None or ref.sha != planned.tag_sha:
        return ref.sha if ref else ABSENT
    commit = ref.sha if ref.kind == "commit" else await repository.commit_of_tag(ref.sha)
    return ref.sha if commit == planned.commit_sha else f"{commit or 'no commit'} behind {ref.sha}"


def _address(release: JsonObject) -> str:
    """Return the release's page as GitHub names it, for people: nothing follows it."""
    address = text_of(release, "html_url")
    return address if address.isascii() and address.isprintable() else ""
