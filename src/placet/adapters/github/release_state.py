"""What stands of a release: ours or somebody else's, whole or half done (protocol 5).

Ours is what carries the operation's marker as its last line and says what was planned, word by word,
with assets of the planned digests and no others. The marker alone proves nothing: everybody can read it.
"""

from __future__ import annotations

import hashlib
import hmac

from msgspec import Struct

from placet.adapters.github.answers import flag_of, number_of, text_of
from placet.adapters.github.client import Repository
from placet.domain.authorization.operation import Artifact
from placet.domain.authorization.repository_operations import PlannedRelease, digest_of, marked
from placet.domain.encoding.foreign_json import JsonObject

_UPLOADED = "uploaded"


class Releases(Struct, frozen=True, kw_only=True):
    """The releases that matter to an operation: what is published under its tag, and drafts with its marker."""

    published: tuple[JsonObject, ...]
    drafts: tuple[JsonObject, ...]


class Assets(Struct, frozen=True, kw_only=True):
    """A release's assets beside the planned ones: what is missing, what is not as planned, what broke off.

    `broken` are the ids of uploads of ours that GitHub began and did not finish.
    """

    missing: tuple[Artifact, ...]
    other: tuple[str, ...]
    broken: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Tell whether exactly the planned assets stand."""
        return not self.missing and not self.other and not self.broken


async def releases_of(repository: Repository, planned: PlannedRelease) -> Releases:
    """Return what stands, from all pages of the list; raise `UnclearError`."""
    await repository.check_readable(for_drafts=True)
    found = await repository.pages("/releases")
    published = [each for each in found if not flag_of(each, "draft")]
    drafts = [each for each in found if flag_of(each, "draft") and carries(each, planned.marker)]
    return Releases(
        published=tuple(
            each for each in published if text_of(each, "tag_name") == planned.tag or carries(each, planned.marker)
        ),
        drafts=tuple(sorted(drafts, key=lambda each: number_of(each, "id"))),
    )


def carries(members: JsonObject, marker: str) -> bool:
    """Tell whether the last line of a release's or pull request's body is the marker, which stands there once."""
    body = body_of(members)
    return body.endswith(marked("", marker)) and body.count(marker) == 1


def body_of(members: JsonObject) -> str:
    """Return the body as we would have sent it: GitHub may end lines in its own way."""
    body = members.get("body")
    return body.replace("\r\n", "\n").rstrip() if isinstance(body, str) else ""


def is_text_of(members: JsonObject, text: Artifact, marker: str) -> bool:
    """Tell whether the body is exactly the planned text with its marker."""
    if not carries(members, marker):
        return False
    written = body_of(members).removesuffix(marked("", marker))
    return hmac.compare_digest(hashlib.sha256(written.encode()).hexdigest(), text.sha256)


def says_what_was_planned(release: JsonObject, planned: PlannedRelease) -> bool:
    """Tell whether everything about the release but its assets is as planned; raise `UnclearError`."""
    return (
        text_of(release, "tag_name") == planned.tag
        and text_of(release, "target_commitish") == planned.commit_sha
        and release.get("name") == planned.title
        and flag_of(release, "prerelease") is planned.prerelease
        and is_text_of(release, planned.notes, planned.marker)
    )


async def assets_of(repository: Repository, release_id: int, planned: PlannedRelease) -> Assets:
    """Compare a release's assets with the planned ones by digest; raise `UnclearError`."""
    standing = {text_of(each, "name"): each for each in await repository.pages(f"/releases/{release_id}/assets")}
    by_name = {asset.name: asset for asset in planned.assets}
    broken, other = [], [name for name in standing if name not in by_name]
    for name, asset in by_name.items():
        if name in standing and text_of(standing[name], "state") != _UPLOADED:
            broken.append(number_of(standing[name], "id"))
        elif name in standing and not await _is_asset(repository, standing[name], asset):
            other.append(name)
    return Assets(
        missing=tuple(asset for name, asset in by_name.items() if name not in standing),
        other=tuple(other),
        broken=tuple(broken),
    )


async def _is_asset(repository: Repository, standing: JsonObject, planned: Artifact) -> bool:
    """Compare digests; where GitHub tells none (older Enterprise), the bytes."""
    if number_of(standing, "size") != planned.size:
        return False
    digest = standing.get("digest")
    if isinstance(digest, str):
        return hmac.compare_digest(digest.encode(), digest_of(planned).encode())
    content = await repository.bytes_of_asset(number_of(standing, "id"), planned.size)
    return hmac.compare_digest(hashlib.sha256(content).hexdigest(), planned.sha256)
