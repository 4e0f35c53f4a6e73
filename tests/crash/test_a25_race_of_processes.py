"""Processes that race for the same receipts, the same operation and the same publication: one effect each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from placet import bootstrap, config
from placet.core.context import Context
from placet.core.execute import contents_of, observe, present
from placet.core.mint import issue_receipt
from placet.core.runs import Intent, add_plan, open_run
from placet.demo.npm_double import NpmDouble
from placet.domain.authorization.facts import Request
from placet.domain.authorization.operation import Operation, Precondition, Subject
from placet.domain.values.kinds import Mode, OperationKind
from placet.errors import PlacetError
from placet.usecases.certify_package import keep
from support.publisher import PACKAGE, Publisher
from support.races import Gate, race

PERSON = "person:local"
TOKEN = "npm_only-the-executor-has-this"
PATIENT_SECONDS = 60
"""So many processes on few cores: whoever has reserved may wait a while for its turn."""
TOO_LATE = {"RECEIPT_RESERVED", "RECEIPT_CONSUMED"}


class Issued(Struct, frozen=True):
    """A receipt that everybody has, and what it is for."""

    operation: Operation
    token: str

    @property
    def run_id(self) -> str:
        return self.operation.operation_id.partition("/")[0]


@pytest.fixture
def registry() -> Iterator[NpmDouble]:
    with NpmDouble(TOKEN) as running:
        yield running


@pytest.fixture
def publisher(registry: NpmDouble, tmp_path: Path) -> Publisher:
    return Publisher.found(tmp_path, registry.url, TOKEN, deadline_seconds=PATIENT_SECONDS)


async def an_object(context: Context, publisher: Publisher, version: str) -> Intent:
    return Intent(
        kind=OperationKind.PUT_OBJECT,
        subject=Subject(provider="r2", name=PACKAGE, version=version, tag=""),
        params={"key": f"packages/{PACKAGE}/{version}.tgz"},
        artifacts=(await keep(context, f"{version}.tgz", publisher.tgz(version)),),
    )


async def a_publication(context: Context, publisher: Publisher, version: str) -> Intent:
    return Intent(
        kind=OperationKind.PUBLISH_PACKAGE,
        subject=Subject(provider="npm", name=PACKAGE, version=version, tag="latest"),
        params={"dist_tag": "latest", "access": "public"},
        artifacts=(await keep(context, f"{version}.tgz", publisher.tgz(version)),),
        preconditions=(Precondition(fact="version", expected="absent"),),
    )


async def planned(context: Context, intent: Intent) -> Operation:
    run = await open_run(context, mode=Mode.PROD, requester=PERSON, subject=str(intent.subject))
    return (await add_plan(context, run, [intent])).operations[0]


async def issue(publisher: Publisher, count: int) -> list[Issued]:
    """Issue receipts for that many operations, every second of them a publication."""
    issued = []
    async with bootstrap.opened(config.load(publisher.environment)) as opened:
        context = opened.context
        for number in range(count):
            intended = (an_object, a_publication)[number % 2]
            operation = await planned(context, await intended(context, publisher, f"1.{number}.0"))
            token = await issue_receipt(context, operation.operation_id, actor=PERSON)
            issued.append(Issued(operation, token))
        # What the first look at a registry imports is shared by all processes that are forked later.
        await observe(context, issued[-1].operation)
    return issued


async def try_all(publisher: Publisher, issued: list[Issued], actor: str, gate: Gate) -> list[str]:
    """Present every receipt, in order; return what each attempt was told."""
    told = []
    async with bootstrap.opened(config.load(publisher.environment)) as opened:
        context = opened.context
        gate.pass_through()
        for each in issued:
            request = Request(mode="prod", run_id=each.run_id, operation=each.operation, token=each.token)
            try:
                report = await present(context, request, await contents_of(context, each.operation), actor=actor)
                told.append(report.state.value)
            except PlacetError as error:
                told.append(error.code)
    return told


@pytest.mark.parametrize(("processes", "receipts"), [(12, 8), pytest.param(64, 50, marks=pytest.mark.slow, id="64-50")])
def test_processes_that_race_for_the_same_receipts_have_one_effect_for_each(
    publisher: Publisher, registry: NpmDouble, processes: int, receipts: int
) -> None:
    issued = asyncio.run(issue(publisher, receipts))

    told = race(publisher.folder, processes, lambda number, gate: try_all(publisher, issued, f"person:p{number}", gate))

    for at in range(receipts):
        answers = Counter(each[at] for each in told)
        assert answers.pop("executed") == 1
        assert set(answers) <= TOO_LATE
        assert sum(answers.values()) == processes - 1
    files = [each for each in publisher.objects.rglob("*") if each.is_file()]
    assert registry.packages.effects.total() == receipts // 2
    assert len(files) == receipts - receipts // 2
    recorded = Counter(body["type"] for body in publisher.bodies())
    assert recorded["receipt.reserved"] == receipts
    assert recorded["receipt.executed"] + recorded["package.published"] == receipts
    assert recorded["authorization.denied"] == (processes - 1) * receipts
    assert publisher.audit() == (None, [])


async def try_to_issue(publisher: Publisher, operation: Operation, actor: str, gate: Gate) -> str:
    async with bootstrap.opened(config.load(publisher.environment)) as opened:
        gate.pass_through()
        try:
            await issue_receipt(opened.context, operation.operation_id, actor=actor)
        except PlacetError as error:
            return error.code
    return "issued"


async def plan_one(publisher: Publisher) -> Operation:
    async with bootstrap.opened(config.load(publisher.environment)) as opened:
        return await planned(opened.context, await an_object(opened.context, publisher, "1.0.0"))


def test_a98_processes_that_issue_for_one_operation_at_once_make_one_receipt(publisher: Publisher) -> None:
    operation = asyncio.run(plan_one(publisher))

    told = race(
        publisher.folder, 16, lambda number, gate: try_to_issue(publisher, operation, f"person:p{number}", gate)
    )

    assert Counter(told) == {"issued": 1, "RECEIPT_ALREADY_OPEN": 15}
    assert Counter(body["type"] for body in publisher.bodies())["receipt.issued"] == 1
    assert publisher.audit() == (None, [])
