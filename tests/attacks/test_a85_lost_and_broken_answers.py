"""A85: the answer is lost, cut at any byte, late or a lie; the effect happens once and is judged right."""

from __future__ import annotations

import asyncio
import threading

import pytest

from placet.adapters.egress.exchange import Egress
from placet.demo.npm_double import Fault, NpmDouble
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Outcome, Presence
from support.effects import TOKEN, World, authorize, make_archive, publish_operation
from support.raw_server import exactly, raw_server

_ANSWER_BYTES = 170
"""More than the double answers to a publication, so that the last cuts cut nothing."""


def publish(world: World, version: str = "1.0.0", *, seconds: float = 30) -> Outcome:
    archive = make_archive("@acme/tool", version)
    operation = publish_operation(archive, version=version)
    return asyncio.run(world.port().perform(authorize(operation, {"archive.tgz": archive}, seconds=seconds)))


def test_a85_an_answer_cut_at_any_byte_after_acting_is_one_effect_and_executed() -> None:
    with NpmDouble(TOKEN) as double:
        world = World(npm_url=double.url)
        outcomes = {}
        for cut in range(_ANSWER_BYTES):
            double.inject(Fault(acts=True, cut_after=cut))
            outcomes[cut] = publish(world, f"1.0.{cut}").status
        effects = {cut: double.effects("@acme/tool", f"1.0.{cut}") for cut in range(_ANSWER_BYTES)}
        sent = sum(method == "PUT" for method, _ in double.requests)

    assert {cut: status for cut, status in outcomes.items() if status is not OutcomeStatus.EXECUTED} == {}
    assert {cut: count for cut, count in effects.items() if count != 1} == {}
    assert sent == _ANSWER_BYTES


@pytest.mark.parametrize("cut", [0, 1, 12, 40, 100])
def test_a85_an_answer_cut_without_acting_is_indeterminate_and_not_sent_again(cut: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(cut_after=cut, status=503))
        outcome = publish(World(npm_url=double.url))
        sent = sum(method == "PUT" for method, _ in double.requests)

    assert (outcome.status, outcome.error_code, sent) == (OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS", 1)


def test_a85_an_answer_later_than_the_deadline_is_executed_where_the_effect_can_be_seen() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(acts=True, hold=threading.Event()))
        outcome = publish(World(npm_url=double.url), seconds=0.3)

    assert (outcome.status, outcome.response["found_by"]) == (OutcomeStatus.EXECUTED, "look_up")
    assert double.effects("@acme/tool", "1.0.0") == 1


def test_a85_silence_until_the_deadline_is_indeterminate() -> None:
    async def run() -> Outcome:
        archive = make_archive("@acme/tool", "1.0.0")
        authorized = authorize(publish_operation(archive), {"archive.tgz": archive}, seconds=0.3)
        async with raw_server(exactly(b"")) as server:
            return await World(npm_url=server.url).port().perform(authorized)

    assert asyncio.run(run()).status is OutcomeStatus.INDETERMINATE


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(b"", id="cut"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", id="empty document"),
        pytest.param(b'HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{"name": "@acme/tool"}', id="no versions"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n[" + b"[" * 100_000, id="deep"),
        pytest.param(
            b'HTTP/1.1 200 OK\r\n\r\n{"name":"@acme/tool","dist-tags":{},"versions":{},"versions":{}}', id="twice"
        ),
        pytest.param(
            b'HTTP/1.1 200 OK\r\n\r\n{"name":"@acme/other","dist-tags":{},"versions":{}}', id="another package"
        ),
        pytest.param(
            b'HTTP/1.1 200 OK\r\n\r\n{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":{}}}', id="no digest"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n\x1f\x8b\x08", id="packed"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe{}", id="another encoding"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\n\r\n", id="not modified"),
    ],
)
def test_a85_a_lie_about_the_package_is_no_finding(lie: bytes) -> None:
    async def run() -> Presence:
        archive = make_archive("@acme/tool", "1.0.0")
        async with raw_server(exactly(lie)) as server:
            return (await World(npm_url=server.url).port().look_up(publish_operation(archive))).presence

    assert asyncio.run(run()) is Presence.UNKNOWN


def test_a85_a_yes_to_everything_is_not_believed_without_reading_back() -> None:
    async def run() -> Outcome:
        archive = make_archive("@acme/tool", "1.0.0")
        yes = exactly(b'HTTP/1.1 201 Created\r\ncontent-length: 16\r\n\r\n{"success": true}'[:-1])
        async with raw_server(yes) as server:
            authorized = authorize(publish_operation(archive), {"archive.tgz": archive})
            return await World(npm_url=server.url).port().perform(authorized)

    assert asyncio.run(run()).status is OutcomeStatus.INDETERMINATE


def test_a85_a_name_that_leads_astray_after_the_publication_is_a_doubt_and_no_failure() -> None:
    asked = iter(["127.0.0.1"])

    async def resolve(host: str, port: int) -> list[str]:  # noqa: ARG001 - as asked
        return [next(asked, "169.254.169.254")]

    with NpmDouble(TOKEN) as double:
        world = World(npm_url=double.url.replace("127.0.0.1", "localhost"), egress=Egress(resolver=resolve))
        outcome = publish(world)

    assert (outcome.status, double.effects("@acme/tool", "1.0.0")) == (OutcomeStatus.INDETERMINATE, 1)
