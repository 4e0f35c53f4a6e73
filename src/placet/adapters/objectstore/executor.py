"""`put_object` at an object store: created once, never overwritten, judged by what is read back (contract 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from placet.adapters.egress.exchange import Egress
from placet.adapters.objectstore.bucket import Answered, Bucket, Sent, UnclearError
from placet.adapters.objectstore.place import key_pair_of, parse_place
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.object_key import key_of, key_of_fact, only_content
from placet.domain.authorization.operation import Artifact, Operation, Subject
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Credentials, Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit
from placet.ports.object_store import IsTrusted

Sleep = Callable[[float], Awaitable[object]]
_READ_BACK_WAITS = (0.0, 0.3, 1.0, 3.0)
_LARGEST_FACT_BYTES = 5 * 1024 * 1024 * 1024
_UNKNOWN = Finding(presence=Presence.UNKNOWN)


class ObjectStoreExecutor:
    """Puts objects into buckets and tells what stands there. Any number may run at once."""

    def __init__(
        self, egress: Egress, credentials: Credentials, is_trusted: IsTrusted, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        """Take the way out, where credentials are, which stores passed their check, and how to wait."""
        self._egress = egress
        self._credentials = credentials
        self._is_trusted = is_trusted
        self._sleep = sleep

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        """Create the object once, or find it there, as `Executor.perform`.

        Raise `EffectError` (`STORE_UNCHECKED`) for a store that has not passed its check as it is
        recorded now: create-only is its promise, and it has to keep it first.
        """
        key, content = "/".join(key_of(authorized.operation)), only_content(authorized)
        bucket = self._bucket(provider)
        if not await self._is_trusted(provider):
            raise EffectError(
                "STORE_UNCHECKED",
                f"nothing was sent: {provider.provider_id} has not passed its check as it is recorded now",
                hint=f"placet storage check {provider.provider_id}",
            )
        sent = await bucket.create(key, content, seconds=permit.seconds_left, before_first_byte=permit.check)
        if sent.answered is Answered.UNSENT:
            message = f"nothing was sent: {sent.reason}"
            return Outcome(status=OutcomeStatus.FAILED, error_code="PROVIDER_UNREACHABLE", error_message=message)
        finding = await self._read_back(bucket, key, authorized.operation.artifacts[0], sent)
        return _judged(key, sent, finding)

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        """Tell whether the object stands with the operation's bytes, as `Executor.look_up`."""
        return await _look_up(self._bucket(provider), "/".join(key_of(operation)), operation.artifacts[0])

    async def read(self, provider: Provider, subject: Subject, fact: str) -> str:
        """Return fact `object:KEY`: `absent`, `sha256:…`, or `unobserved`, as `FactReader.read`."""
        segments = key_of_fact(fact, subject)
        if segments is None:
            return "unobserved"
        bucket, key = self._bucket(provider), "/".join(segments)
        try:
            found = await bucket.sha256_of(key, limit=_LARGEST_FACT_BYTES)
            if found is None:
                return "unobserved" if await bucket.lists(key) else "absent"
        except UnclearError:
            return "unobserved"
        return f"sha256:{found}" if found else "unobserved"

    def _bucket(self, provider: Provider) -> Bucket:
        return Bucket(self._egress, parse_place(provider), key_pair_of(provider, self._credentials))

    async def _read_back(self, bucket: Bucket, key: str, artifact: Artifact, sent: Sent) -> Finding:
        """Look the object up; after a yes, give the store a few seconds to show it."""
        patient = sent.answered in {Answered.CREATED, Answered.EXISTS}
        finding = _UNKNOWN
        for wait in _READ_BACK_WAITS if patient else _READ_BACK_WAITS[:1]:
            await self._sleep(wait)
            finding = await _look_up(bucket, key, artifact)
            if finding.presence in {Presence.SAME, Presence.OTHER}:
                break
        return finding


async def _look_up(bucket: Bucket, key: str, artifact: Artifact) -> Finding:
    """Tell what stands under `key`. A digest that is not ours counts when it was read twice.

    Absent is what the object itself and the bucket's own list agree on: whoever may not list
    gets the same 404 or 403 for what is there and what is not.
    """
    try:
        found = await bucket.sha256_of(key, limit=artifact.size)
        if found is None:
            return _UNKNOWN if await bucket.lists(key) else Finding(presence=Presence.ABSENT)
        response: Object = {"sha256": f"sha256:{found}"} if found else {}
        if found == artifact.sha256:
            return Finding(presence=Presence.SAME, response=response)
        again = await bucket.sha256_of(key, limit=artifact.size)
    except UnclearError:
        return _UNKNOWN
    return Finding(presence=Presence.OTHER, response=response) if again == found else _UNKNOWN


def _judged(key: str, sent: Sent, finding: Finding) -> Outcome:
    if finding.presence is Presence.SAME:
        found_by = "answer" if sent.answered is Answered.CREATED else "look_up"
        return Outcome(status=OutcomeStatus.EXECUTED, response={**finding.response, "found_by": found_by})
    if finding.presence is Presence.OTHER:
        return Outcome(
            status=OutcomeStatus.CONFLICT,
            response=finding.response,
            error_code="OBJECT_CONFLICT",
            error_message=f"{key} stands there with other content",
        )
    if sent.answered is Answered.REFUSED and finding.presence is Presence.ABSENT:
        return Outcome(
            status=OutcomeStatus.FAILED,
            error_code="PROVIDER_REFUSED",
            error_message=f"{key} was not written: {sent.reason}",
        )
    return Outcome(
        status=OutcomeStatus.INDETERMINATE,
        error_code="PROVIDER_AMBIGUOUS",
        error_message=f"{sent.reason}, and {key} cannot be read back",
    )
