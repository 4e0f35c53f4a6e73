"""What the check of an object store lets through, and what it refuses: real stores, and stores that lie."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from placet.adapters.egress.exchange import Egress
from placet.adapters.objectstore.probe import FOLDER, ObjectStoreProbe
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Provider
from placet.ports.object_store import Promise
from support.effects import GivenCredentials
from support.fault_proxy import FaultProxy, fault_proxy, lie, method
from support.s3rver import CREDENTIAL, running_s3rver
from support.seaweed import ObjectStore

TOKEN = "00112233445566778899aabbccddeeff"
ALL = [
    "gives back what was put",
    "refuses to overwrite",
    "lets one of several at once create",
    "refuses a wrong checksum",
    "refuses a wrong signature",
    "tells what is absent",
]


def probe(provider: Provider, credential: str | None = None) -> tuple[Promise, ...]:
    return asyncio.run(probing(provider, credential))


async def probing(provider: Provider, credential: str | None = None) -> tuple[Promise, ...]:
    credentials = GivenCredentials({"objects": credential}) if credential is not None else GivenCredentials()
    return await ObjectStoreProbe(Egress(), credentials).probe(provider, TOKEN)


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return tmp_path.parent.name + tmp_path.name


@pytest.fixture(scope="module")
def s3rver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with running_s3rver(tmp_path_factory.mktemp("s3rver")) as store:
        yield store


def test_a_store_that_keeps_its_promises_passes_and_nothing_is_left(seaweed: ObjectStore, prefix: str) -> None:
    promises = probe(seaweed.provider(prefix))

    assert [promise.name for promise in promises] == ALL
    assert [promise.seen for promise in promises if not promise.kept] == []
    assert seaweed.objects(prefix) == {}


@pytest.mark.node
def test_s3rver_overwrites_and_is_refused(s3rver: ObjectStore) -> None:
    *_, last = probe(s3rver.provider("check"), CREDENTIAL)

    assert (last.name, last.kept) == ("refuses to overwrite", False)
    assert last.seen == "an object that was to be created only stood there already, and the store took it"


def test_what_stands_where_a_plan_could_name_it_is_not_touched(seaweed: ObjectStore, prefix: str) -> None:
    seaweed.client().put(f"{prefix}/packages/@acme/tool/1.0.0.tgz", b"published")
    probe(seaweed.provider(prefix))

    assert seaweed.objects(prefix) == {"packages/@acme/tool/1.0.0.tgz": b"published"}


def test_what_cannot_be_removed_is_named_for_what_it_is(seaweed: ObjectStore, prefix: str) -> None:
    async def run() -> None:
        async with fault_proxy(seaweed.url) as proxy:
            proxy.expect(lie("403 Forbidden", method("DELETE"), forwarded=0))
            promises = await probing(seaweed.provider(prefix, url=proxy.url))
            assert all(promise.kept for promise in promises)

    asyncio.run(run())

    assert set(seaweed.objects(prefix)) == {f"{FOLDER}/{TOKEN}-first", f"{FOLDER}/{TOKEN}-race"}


@pytest.mark.parametrize(
    ("status", "first"),
    [("200 OK", "gives back what was put"), ("412 No", "gives back what was put"), ("503 Slow", "gives back")],
)
def test_a_store_that_only_says_so_is_refused(seaweed: ObjectStore, prefix: str, status: str, first: str) -> None:
    async def run(proxy: FaultProxy) -> Promise:
        proxy.expect(lie(status, method("PUT"), forwarded=0))
        return (await probing(seaweed.provider(prefix, url=proxy.url)))[-1]

    async def through() -> Promise:
        async with fault_proxy(seaweed.url) as proxy:
            return await run(proxy)

    last = asyncio.run(through())

    assert not last.kept
    assert last.name.startswith(first)


@pytest.mark.parametrize("bucket", ["nowhere", "objects"], ids=["another bucket than may be written", "a wrong secret"])
def test_a_store_that_does_not_let_us_in_is_refused(seaweed: ObjectStore, prefix: str, bucket: str) -> None:
    promises = probe(replace(seaweed, bucket=bucket).provider(prefix), "AKIDEXAMPLE:wrong")

    assert [promise.kept for promise in promises] == [False]
    assert "refused" in promises[0].seen


def test_a_store_that_cannot_be_reached_is_refused() -> None:
    provider = Provider(provider_id="objects", kind="s3", url="http://127.0.0.1:9/objects", credential="env:S3")

    assert [(promise.kept, promise.seen) for promise in probe(provider)] == [(False, "the store could not be reached")]


@pytest.mark.parametrize(
    ("url", "credential", "error"),
    [
        ("http://s3.example.com/objects", "a:b", EffectError),
        ("https://169.254.169.254/objects", "a:b", EffectError),
        ("http://127.0.0.1:9/objects", "no-pair", ConfigurationError),
    ],
)
def test_nothing_is_tried_where_nothing_may_be_sent(url: str, credential: str, error: type[Exception]) -> None:
    provider = Provider(provider_id="objects", kind="s3", url=url, credential="env:S3")
    with pytest.raises(error):
        probe(provider, credential)
