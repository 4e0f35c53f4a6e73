"""`publish_release`: tag first, a draft, its assets by digest, published by number, read back (protocol 5).

Whatever stands of it already is adopted: the draft with our marker, assets with the planned digests.
Nothing of somebody else's is ever written over, and nothing is published that is not whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.sending import Sender, Sleep
from placet.adapters.github.answers import Says, UnclearError, number_of, object_in, seconds_to_wait
from placet.adapters.github.client import Repository, Upload, repository_at
from placet.adapters.github.release_lookup import ABSENT, judge_published, look_up_release, tag_standing
from placet.adapters.github.release_state import Assets, assets_of, releases_of, says_what_was_planned
from placet.adapters.github.steps import Steps, StoppedError, Tried
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.authorization.repository_operations import PlannedRelease, check_texts, marked, read_release
from placet.domain.encoding.foreign_json import JsonObject
from placet.domain.values.kinds import OutcomeStatus
from placet.domain.values.unshown import Unshown
from placet.ports.effects import Credentials, Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit


class ReleaseExecutor:
    """Publishes releases with their assets and looks them up."""

    def __init__(self, egress: Egress, credentials: Credentials, *, sleep: Sleep = asyncio.sleep) -> None:
        """Take the way out, where credentials are, and how to wait."""
        self._egress = egress
        self._credentials = credentials
        self._sender = Sender(seconds_to_wait, sleep)

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        """Publish the release once, finishing what stands of it, as `Executor.perform`.

        Raise `InvalidInputError` (`TEXT_UNSAFE`) for notes that would not be published.
        """
        check_texts(authorized.operation, authorized.contents)
        planned = read_release(authorized.operation)
        repository = repository_at(self._egress, self._credentials, provider, planned.repository)
        work = _Work(repository, planned, authorized.contents, Steps(self._sender, permit, repository.said))
        try:
            return await work.outcome()
        except StoppedError as stopped:
            return stopped.outcome
        except UnclearError as error:  # of a read: what was sent before stands, and is adopted
            return work.steps.outcome(work.steps.unclear, error.code, error.message)

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        """Tell whether the release stands as planned, as `Executor.look_up`."""
        planned = read_release(operation)
        repository = repository_at(self._egress, self._credentials, provider, planned.repository)
        return await look_up_release(repository, planned)


class _Work(Unshown, frozen=True):
    """One attempt at one release."""

    repository: Repository
    planned: PlannedRelease
    contents: Mapping[str, bytes]
    steps: Steps

    async def outcome(self) -> Outcome:
        """Do what is left to do and return what became of it; raise `StoppedError`, `UnclearError`."""
        standing = await look_up_release(self.repository, self.planned)
        if standing.presence is Presence.SAME:
            return self.steps.executed(standing, found_by="look_up")
        if standing.presence is Presence.OTHER:
            return self._conflict(standing)
        if standing.presence is Presence.UNKNOWN:
            return self._unclear(standing)
        await self._check_tag()
        release_id = await self._draft()
        for asset in await self._missing(release_id):
            await self._upload(release_id, asset)
        await self._check_assets(release_id)
        return await self._publish(release_id)

    async def _check_tag(self) -> None:
        tag = await tag_standing(self.repository, self.planned)
        if tag == ABSENT:
            reason = f"there is no tag {self.planned.tag}: a release comes after its tag"
            raise StoppedError(self.steps.outcome(OutcomeStatus.FAILED, "TAG_ABSENT", reason))
        if tag != self.planned.tag_sha:
            reason = f"the tag {self.planned.tag} stands at another commit than the planned one"
            raise StoppedError(self.steps.conflict("TAG_CONFLICT", reason, {"tag_sha": tag}))

    async def _draft(self) -> int:
        """Return the number of our draft: the one that stands, or a new one."""
        standing = await self._standing_draft()
        if standing is not None:
            return standing
        tried = await self.steps.send(
            "draft", lambda: self.repository.write("POST", "/releases", self._members(), self.steps.permit)
        )
        if tried.says is Says.DONE and tried.answer is not None:
            made = object_in(tried.answer)
            return self._checked(made)
        standing = await self._standing_draft() if tried.says is Says.UNCLEAR else None
        if standing is None:
            raise StoppedError(self.steps.not_done(tried, "the draft", absent=True))
        return standing

    async def _standing_draft(self) -> int | None:
        releases = await releases_of(self.repository, self.planned)
        return self._checked(releases.drafts[0]) if releases.drafts else None

    def _checked(self, draft: JsonObject) -> int:
        """Return the draft's number if it says what was planned; nobody else's words are published."""
        if not says_what_was_planned(draft, self.planned):
            reason = "a draft with this operation's marker says something else than was planned"
            raise StoppedError(self.steps.conflict("RELEASE_CONFLICT", reason, {"draft": number_of(draft, "id")}))
        return number_of(draft, "id")

    def _members(self) -> JsonObject:
        notes = self.contents[self.planned.notes.name].decode()
        return {
            "tag_name": self.planned.tag,
            "target_commitish": self.planned.commit_sha,
            "name": self.planned.title,
            "body": marked(notes, self.planned.marker),
            "draft": True,
            "prerelease": self.planned.prerelease,
        }

    async def _missing(self, release_id: int) -> tuple[Artifact, ...]:
        """Return the assets that are still to be uploaded, after clearing away uploads of ours that broke off."""
        assets = await self._assets(release_id)
        for asset_id in assets.broken:
            await self._clear_away(asset_id)
        return (await self._assets(release_id)).missing if assets.broken else assets.missing

    async def _clear_away(self, asset_id: int) -> None:
        path = f"/releases/assets/{asset_id}"
        tried = await self.steps.send(
            "clear_broken_asset", lambda: self.repository.write("DELETE", path, {}, self.steps.permit)
        )
        if tried.says is not Says.DONE:
            raise StoppedError(self.steps.not_done(tried, "clearing away a broken upload", absent=True))

    async def _assets(self, release_id: int) -> Assets:
        assets = await assets_of(self.repository, release_id, self.planned)
        if assets.other:
            reason = f"the draft has assets that were not planned: {assets.other[0][:80]!a}"
            raise StoppedError(self.steps.conflict("ASSET_CONFLICT", reason, {"draft": release_id}))
        return assets

    async def _upload(self, release_id: int, asset: Artifact) -> None:
        upload = Upload(release_id=release_id, name=asset.name, content=self.contents[asset.name])
        tried = await self.steps.send(f"asset:{asset.name}", lambda: self.repository.upload(upload, self.steps.permit))
        if tried.says is Says.DONE:
            return
        may_stand = tried.says in (Says.UNCLEAR, Says.STANDS_OR_REFUSED)
        if not may_stand or asset in (await self._assets(release_id)).missing:
            raise StoppedError(self.steps.not_done(tried, f"the asset {asset.name}", absent=True))

    async def _check_assets(self, release_id: int) -> None:
        """Return if the draft holds exactly the planned assets, by digest: only then it is published."""

        async def look() -> Finding:
            whole = (await self._assets(release_id)).whole
            return Finding(presence=Presence.SAME if whole else Presence.ABSENT)

        if (await self.steps.read_back(look, patient=True)).presence is not Presence.SAME:
            reason = "the draft does not show all of its assets yet; it was not published"
            raise StoppedError(self.steps.outcome(OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS", reason))

    async def _publish(self, release_id: int) -> Outcome:
        latest = "true" if self.planned.latest else "false"
        members: JsonObject = {**self._members(), "draft": False, "make_latest": latest}  # every word again
        path = f"/releases/{release_id}"
        tried = await self.steps.send(
            "publish", lambda: self.repository.write("PATCH", path, members, self.steps.permit)
        )
        if tried.says in (Says.REFUSED, Says.LIMITED, Says.REDIRECTED):
            return self.steps.not_done(tried, "publishing the release")
        return await self._judge(release_id, tried)

    async def _judge(self, release_id: int, tried: Tried) -> Outcome:
        """Tell what stands now, by the release's number; by the list where another may stand in its way."""

        async def look() -> Finding:
            try:
                release = await self.repository.one(f"/releases/{release_id}")
                if release.get("draft") is not False:
                    return Finding(presence=Presence.ABSENT)
                return await judge_published(self.repository, release, self.planned)
            except UnclearError:
                return Finding(presence=Presence.UNKNOWN)

        finding = await self.steps.read_back(look, patient=tried.says is Says.DONE)
        if tried.says is Says.STANDS_OR_REFUSED and finding.presence is Presence.ABSENT:
            finding = await look_up_release(self.repository, self.planned)  # another draft may have been faster
        if finding.presence is Presence.SAME:
            return self.steps.executed(finding, found_by="answer" if tried.says is Says.DONE else "look_up")
        if finding.presence is Presence.OTHER:
            return self._conflict(finding)
        absent = finding.presence is Presence.ABSENT
        return self.steps.not_done(tried, "publishing the release", absent=absent)

    def _unclear(self, finding: Finding) -> Outcome:
        """Return what follows where nothing was sent: a doubt only where our release is there, and not all of it."""
        status = OutcomeStatus.INDETERMINATE if finding.response else OutcomeStatus.FAILED
        reason = "it cannot be told which releases stand; nothing was sent"
        return self.steps.outcome(status, "PROVIDER_UNCLEAR", reason, finding.response)

    def _conflict(self, finding: Finding) -> Outcome:
        reason = f"a release of {self.planned.tag} stands there with other content, or at another commit"
        return self.steps.conflict("RELEASE_CONFLICT", reason, finding.response)
