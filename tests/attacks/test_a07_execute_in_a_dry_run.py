"""A07: a dry run performs nothing and opens nothing, whoever asks and whatever receipt is shown."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from placet import config
from placet.core.execute import execute_plan
from placet.core.runs import stored_run
from placet.demo.npm_double import NpmDouble
from placet.domain.values.kinds import Mode
from placet.errors import InvalidInputError
from placet.facade import Placet
from placet.usecases.dry_run import record_intents
from placet.usecases.resume_run import resume_run
from support.archives import manifest, package_json, tgz
from support.doubles import GivenAuthority
from support.forging import receipt_in
from support.installation import ACTOR
from support.intents import an_object
from support.world import World

SPELLINGS = ["dry_run", "Prod", "PROD", "prod ", " prod", "prod\n", "p\u0433od", "", "production", "true"]


@pytest.mark.parametrize("mode", SPELLINGS, ids=ascii)
def test_a_request_that_does_not_say_prod_letter_by_letter_performs_nothing(mode: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("MODE_NOT_PROD"):
        world.present(plan, token, mode=mode)

    assert world.double.reads == 0


def test_a_process_that_was_not_built_for_prod_performs_nothing() -> None:
    world = World()
    plan, token = world.ready()
    world.rebuild(mode=Mode.DRY_RUN)

    with world.refusing("MODE_NOT_PROD"):
        world.present(plan, token)

    assert world.double.reads == 0


def test_the_mode_is_refused_before_the_token_is_looked_at() -> None:
    world = World()
    plan = world.plan(mode=Mode.DRY_RUN)

    for token in (None, "placet_rcpt_x", 7):
        with world.refusing("MODE_NOT_PROD"):
            world.present(plan, token, mode="dry_run")


def test_a_dry_run_s_plan_gets_no_receipt_even_when_everybody_approved() -> None:
    world = World()
    plan = world.approved(world.plan(mode=Mode.DRY_RUN))

    with world.refusing("MODE_NOT_PROD", check=""):
        world.issue(plan)

    assert world.entries("receipt.issued") == []


def test_a_dry_run_s_plan_is_not_carried_out() -> None:
    world = World()
    plan = world.approved(world.plan(an_object(), mode=Mode.DRY_RUN))

    with world.refusing("MODE_NOT_PROD", check=""):
        world.run(execute_plan(world.context, plan, actor=ACTOR))


def test_a_dry_run_is_not_resumed() -> None:
    world = World()
    plan = world.approved(world.plan(mode=Mode.DRY_RUN))

    with world.refusing("MODE_NOT_PROD", check=""):
        world.run(resume_run(world.context, plan.run_id))


def test_a_dry_run_s_core_operation_is_not_performed() -> None:
    world = World()
    plan = world.certificate_plan(mode=Mode.DRY_RUN)

    with world.refusing("MODE_NOT_PROD", check=""):
        world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert world.authority == GivenAuthority(issued=0)


def test_each_operation_is_recorded_as_an_intent_that_its_mode_blocked() -> None:
    world = World()
    plan = world.approved(world.plan(an_object(), mode=Mode.DRY_RUN))

    _, _, intended = world.run(record_intents(world.context, plan.run_id))

    (entry,) = world.entries("operation.intended")
    assert isinstance(entry.body.data, dict)
    assert entry.body.data["blocked_by_mode"] is True
    assert [each.advice.receipt.enforceable for each in intended] == [False]
    assert world.run(stored_run(world.context, plan.run_id)).state == "blocked_by_mode"
    assert (world.double.sent, world.double.reads) == ([], 0)


def test_an_advisory_receipt_is_refused_as_such() -> None:
    world = World()
    plan = world.approved(world.plan(mode=Mode.DRY_RUN))
    _, _, (intended,) = world.run(record_intents(world.context, plan.run_id))
    assert receipt_in(intended.advice.token).reasons[0].startswith("MODE_NOT_PROD")

    with world.refusing("RECEIPT_NOT_ENFORCEABLE"):
        world.present(plan, intended.advice.token)


def test_a_production_run_is_not_turned_into_intents_whose_receipts_would_be_enforceable() -> None:
    world = World()
    plan = world.approved(world.plan())

    with pytest.raises(InvalidInputError) as caught:
        world.run(record_intents(world.context, plan.run_id))

    assert caught.value.code == "MODE_INVALID"
    assert world.entries("operation.intended") == []


@pytest.mark.needs("strace")
def test_a_dry_run_of_the_command_opens_no_connection_as_seen_from_outside(tmp_path: Path) -> None:
    tarball, trace = tmp_path / "tool.tgz", tmp_path / "trace"
    tarball.write_bytes(tgz(package_json(manifest("@acme/tool", "1.0.0"))))
    with NpmDouble("npm_canary") as registry:
        environment = {"HOME": str(tmp_path), "PLACET_HOME": str(tmp_path / "home"), "NPM_TOKEN": "npm_canary"}
        asyncio.run(_found(environment, registry.url))
        command = [sys.executable, "-m", "placet.cli", "publish", "--dry-run", "--offline", str(tarball), "--json"]
        watched = ["strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace), *command]
        done = subprocess.run(watched, env=environment, capture_output=True, text=True, check=False)

        assert (done.returncode, registry.connections) == (0, 0), done.stderr
    assert '"blocked_by_mode": true' in done.stdout
    assert [line for line in trace.read_text().splitlines() if "AF_INET" in line or "connect(" in line] == []


@pytest.mark.needs("strace")
def test_from_execute_on_a_dry_run_opens_nothing_as_seen_from_outside(tmp_path: Path) -> None:
    tarball, trace = tmp_path / "tool.tgz", tmp_path / "trace"
    tarball.write_bytes(tgz(package_json(manifest("@acme/tool", "1.0.0"))))
    with NpmDouble("npm_canary") as registry:
        environment = {"HOME": str(tmp_path), "PLACET_HOME": str(tmp_path / "home"), "NPM_TOKEN": "npm_canary"}
        asyncio.run(_found(environment, registry.url))
        command = [sys.executable, "-m", "placet.cli", "publish", "--dry-run", str(tarball), "--json"]
        traced = "trace=connect,sendto,sendmsg,execve,open,openat,write"
        watched = ["strace", "-f", "-e", traced, "-s", "80", "-o", str(trace), *command]
        done = subprocess.run(watched, env=environment, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stderr
        assert [method for method, *_ in registry.requests if method != "GET"] == []
    lines = trace.read_text().splitlines()
    execute = next(number for number, line in enumerate(lines) if "execute    blocked by mode" in line)
    before, after = lines[:execute], lines[execute:]
    assert any("AF_INET" in line for line in before)  # the registry was asked what stands there
    assert [line for line in after if "AF_INET" in line or "connect(" in line or "execve(" in line] == []
    kept = ("/home/blobs", "/home/keys", "/home/evidence", "tool.tgz")  # the ledger alone takes what is recorded
    assert [line for line in after if any(place in line for place in kept)] == []


async def _found(environment: dict[str, str], registry: str) -> None:
    settings = config.load(environment)
    await Placet.init(settings, profile="trial", name="acme")
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=registry, credential="env:NPM_TOKEN")
