"""A86: stores answer 412 or 409, list late, give wrong ETags, keep abandoned uploads: the outcome is right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import obstore
import pytest

from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Outcome, Presence
from support.effects import Fence, World, authorize, put_operation
from support.fault_proxy import Fault, FaultProxy, fault_proxy, lie, method
from support.seaweed import ObjectStore

KEY = "packages/@acme/tool/1.0.0.tgz"
OURS, OTHERS = b"ours", b"theirs"
EMPTY_LIST = (
    b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Name>objects</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>"
)


def listing(line: str, _: int) -> bool:
    return "list-type=2" in line


def reading(line: str, _: int) -> bool:
    return line.startswith("GET ") and "list-type=2" not in line


class Bucket:
    """A prefix of the real store of its own, behind the proxy."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store, self.prefix, self.world = store, prefix, World()

    def run(self, work: Callable[[FaultProxy], Awaitable[Outcome | Presence]], fault: Fault) -> Outcome | Presence:
        async def through() -> Outcome | Presence:
            async with fault_proxy(self.store.url) as proxy:
                proxy.expect(fault)
                self.world.bucket = self.store.provider(self.prefix, url=proxy.url)
                return await work(proxy)

        return asyncio.run(through())

    def put(self, content: bytes = OURS, fault: Fault | None = None) -> Outcome:
        async def work(_: FaultProxy) -> Outcome:
            return await self.world.port().perform(authorize(put_operation(content, key=KEY), {"object": content}))

        outcome = self.run(work, fault or Fault())
        assert isinstance(outcome, Outcome)
        return outcome

    def look_up(self, fault: Fault | None = None) -> Presence:
        async def work(_: FaultProxy) -> Presence:
            return (await self.world.port().look_up(put_operation(OURS, key=KEY))).presence

        presence = self.run(work, fault or Fault())
        assert isinstance(presence, Presence)
        return presence

    def objects(self) -> dict[str, bytes]:
        return self.store.objects(self.prefix)


@pytest.fixture
def bucket(seaweed: ObjectStore, tmp_path: Path) -> Bucket:
    return Bucket(seaweed, tmp_path.parent.name + tmp_path.name)


@pytest.mark.parametrize("status", ["412 Precondition Failed", "409 Conflict"])
@pytest.mark.parametrize(
    ("standing", "expected"), [(OURS, OutcomeStatus.EXECUTED), (OTHERS, OutcomeStatus.CONFLICT)], ids=["ours", "theirs"]
)
def test_a86_exists_is_said_by_412_or_409_and_the_digest_decides(
    bucket: Bucket, status: str, standing: bytes, expected: OutcomeStatus
) -> None:
    bucket.put(standing)
    outcome = bucket.put(OURS, lie(status, method("PUT"), forwarded=0))

    assert outcome.status is expected
    assert bucket.objects() == {KEY: standing}


@pytest.mark.parametrize("status", ["412 Precondition Failed", "409 Conflict"])
def test_a86_exists_said_of_what_does_not_stand_is_in_doubt(bucket: Bucket, status: str) -> None:
    outcome = bucket.put(OURS, lie(status, method("PUT"), forwarded=0))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS")
    assert bucket.look_up() is Presence.ABSENT


def test_a86_an_etag_is_no_digest_and_is_not_believed(bucket: Bucket) -> None:
    def with_wrong_etag(answer: bytes) -> bytes:
        head, end, body = answer.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"etag:")]
        return b"\r\n".join([*lines, b'ETag: "00000000000000000000000000000000-2"']) + end + body

    outcome = bucket.put(OURS, Fault(answer=with_wrong_etag))

    assert outcome.status is OutcomeStatus.EXECUTED
    assert bucket.put(OTHERS, Fault(answer=with_wrong_etag)).status is OutcomeStatus.CONFLICT


def test_a86_a_list_that_is_late_hides_nothing(bucket: Bucket) -> None:
    bucket.put()

    assert bucket.look_up(lie("200 OK", listing, body=EMPTY_LIST)) is Presence.SAME


def test_a86_an_object_that_is_late_is_not_absent_while_the_list_has_it(bucket: Bucket) -> None:
    bucket.put()

    assert bucket.look_up(lie("404 Not Found", reading)) is Presence.UNKNOWN


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "429 Slow", "503 Slow"])
def test_a86_absent_is_believed_only_from_who_may_list(bucket: Bucket, status: str) -> None:
    assert bucket.look_up() is Presence.ABSENT
    assert bucket.look_up(lie(status, listing)) is Presence.UNKNOWN
    assert bucket.look_up(lie(status)) is Presence.UNKNOWN


def test_a86_a_bucket_that_is_not_there_is_no_finding(bucket: Bucket, seaweed: ObjectStore) -> None:
    bucket.store = ObjectStore(url=seaweed.url, bucket="nowhere")

    assert bucket.look_up() is Presence.UNKNOWN


def test_a86_an_abandoned_multipart_upload_is_no_object_and_stands_in_nobodys_way(bucket: Bucket) -> None:
    async def abandon() -> None:
        writer = obstore.open_writer_async(bucket.store.client(), f"{bucket.prefix}/{KEY}", buffer_size=5 * 1024 * 1024)
        await writer.write(b"x" * (11 * 1024 * 1024))  # parts are sent, and the upload is never completed

    asyncio.run(abandon())
    before = bucket.look_up()
    outcome = bucket.put()

    assert (before, outcome.status, bucket.objects()) == (Presence.ABSENT, OutcomeStatus.EXECUTED, {KEY: OURS})


def test_a86_nothing_is_sent_to_a_store_that_has_not_passed_its_check(bucket: Bucket) -> None:
    bucket.world.trusted = False
    with pytest.raises(EffectError, match="STORE_UNCHECKED"):
        bucket.put()

    assert (bucket.objects(), bucket.world.fence.asked) == ({}, 0)


def test_a86_a_reservation_that_was_lost_sends_nothing(bucket: Bucket) -> None:
    lines: list[str] = []

    async def work(proxy: FaultProxy) -> Outcome:
        bucket.world.fence = Fence(held=False)
        try:
            return await bucket.world.port().perform(authorize(put_operation(OURS, key=KEY), {"object": OURS}))
        finally:
            lines.extend(proxy.lines)

    with pytest.raises(EffectError, match="FENCE_LOST"):
        bucket.run(work, Fault())

    assert (lines, bucket.objects()) == ([], {})


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Slow Down", "429 Too Many Requests"])
def test_a86_the_library_never_sends_again_by_itself(bucket: Bucket, status: str) -> None:
    lines: list[str] = []

    async def work(proxy: FaultProxy) -> Outcome:
        outcome = await bucket.world.port().perform(authorize(put_operation(OURS, key=KEY), {"object": OURS}))
        lines.extend(proxy.lines)
        return outcome

    outcome = bucket.run(work, lie(status, method("PUT"), forwarded=0))

    assert isinstance(outcome, Outcome)
    assert outcome.status is OutcomeStatus.INDETERMINATE
    assert sum(line.startswith("PUT ") for line in lines) == 1
