"""What the service does by itself: it clears up doubts, renews revocation lists, and records what it counted."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from placet import config
from placet.demo.double_server import Fault
from placet.demo.npm_double import NpmDouble
from placet.errors import EffectError, UnavailableError
from placet.facade import Placet, PublishRequest
from placet.web.metrics import Metrics
from placet.web.server.upkeep import Begins, Chore, chores_of, kept_up
from support.archives import manifest, package_json, tgz
from support.service import Service, serving, serving_trial
from support.shell import Shell

TOKEN = "npm_t0ken_canary"
LIST = "certificate.revocation_list.issued"


def types(service: Service) -> list[str]:
    return [each["type"] for each in service.entries()]


def denials(service: Service) -> list[dict[str, object]]:
    entries = [each for each in service.entries() if each["type"] == "authorization.denied"]
    return [each["data"] | {"actor": each["actor"]} for each in entries]


def end(service: Service) -> None:
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=60) == 0


def test_both_revocation_lists_are_new_before_anybody_is_served_and_not_made_twice_a_day(tmp_path: Path) -> None:
    with serving_trial(tmp_path) as service:
        assert types(service).count(LIST) == 2
    with serving(service.shell) as again:
        assert types(again).count(LIST) == 2


def test_a_doubt_that_another_process_left_is_cleared_up(tmp_path: Path) -> None:
    quick = {"PLACET_DEADLINE_SECONDS": "1", "PLACET_SETTLE_SECONDS": "0", "PLACET_RECONCILE_SECONDS": "1"}
    shell = Shell(tmp_path, {"NPM_TOKEN": TOKEN, **quick})
    with NpmDouble(TOKEN) as registry:
        registry.inject(Fault(acts=False, cut_after=5))
        asyncio.run(lose_an_answer(shell, registry.url))
        assert states(shell) == ["indeterminate"]

        with serving(shell):
            until = time.monotonic() + 60
            while states(shell) == ["indeterminate"]:
                assert time.monotonic() < until
                time.sleep(0.05)

    assert states(shell) == ["failed"]
    assert registry.effects("@acme/tool", "1.0.0") == 0


async def lose_an_answer(shell: Shell, url: str) -> None:
    """Found a trial, and publish where the answer is lost."""
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=url, credential="env:NPM_TOKEN")
        with pytest.raises(EffectError):
            await placet.publishing.publish(PublishRequest(tgz=tgz(package_json(manifest("@acme/tool")))))


def states(shell: Shell) -> list[str]:
    """Return the states of all publications."""

    async def show() -> list[str]:
        async with Placet.open(config.load(shell.environment())) as placet:
            runs: Any = (await placet.publishing.runs())["runs"]
            shown: list[Any] = [await placet.publishing.run(each["run_id"]) for each in runs]
            operations = [each for run in shown for each in run["operations"]]
            return [each["state"] for each in operations if each["operation_kind"] == "publish_package"]

    return asyncio.run(show())


def test_a_stranger_s_key_is_recorded_by_its_digest_once_and_then_by_number(tmp_path: Path) -> None:
    with serving_trial(tmp_path) as service:
        for number in range(30):
            service.ask("GET", "/v1/certificates/package/tool", key=f"placet_key_{number}")
        first = denials(service)
        end(service)

    assert [(each["code"], each["actor"], each["times"]) for each in first] == [
        ("UNAUTHENTICATED", "unverified:network", 1)
    ]
    assert str(first[0]["shown"]).startswith("sha256:")
    assert sum(int(str(each["times"])) for each in denials(service)) == 30
    assert len(denials(service)) == 2


def test_a_scope_that_is_missing_is_recorded_with_whose_key_it_is_and_who_shows_nothing_is_not(tmp_path: Path) -> None:
    with serving_trial(tmp_path) as service:
        body = {"type": "package", "package_name": "@acme/tool", "version": "1.0.0"}
        assert service.ask("POST", "/v1/certificates/issue", body).code == "UNAUTHENTICATED"
        refused = service.ask("POST", "/v1/certificates/issue", body, key=service.key("registry:write=@acme/*"))

        assert refused.code == "SCOPE_INSUFFICIENT"
        assert [(each["code"], each["actor"], each["shown"]) for each in denials(service)] == [
            ("SCOPE_INSUFFICIENT", "person:local", "")
        ]


def test_denied_is_denied_also_where_nobody_can_write_it_down(tmp_path: Path) -> None:
    with serving_trial(tmp_path) as service:
        for each in (tmp_path / "anchors").rglob("*"):
            each.unlink() if each.is_file() else None
        refused = service.ask("GET", "/v1/certificates/package/tool", key="placet_key_unknown")

        assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")
        assert "a denial is not on record" in service.log


def test_a_chore_that_fails_is_told_and_done_again_and_ends_no_other() -> None:
    done: list[str] = []

    async def fails() -> None:
        done.append("fails")
        raise UnavailableError("SEALED", "it is sealed")

    async def is_wrong() -> None:
        done.append("wrong")
        raise ZeroDivisionError

    async def work() -> None:
        metrics = Metrics()
        chores = [
            Chore(name="first", work=fails, every=3600, begins=Begins.BEFORE),
            Chore(name="second", work=is_wrong, every=0.01, begins=Begins.AT_ONCE),
            Chore(name="third", work=fails, every=3600, begins=Begins.LATER),
        ]
        async with kept_up(chores, metrics), asyncio.timeout(60):
            assert done == ["fails"]
            while done.count("wrong") < 3:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        text = metrics.text().decode()
        assert 'placet_upkeep_runs_total{outcome="failed",task="first"} 1.0' in text
        assert 'placet_upkeep_runs_total{outcome="failed",task="third"} 0.0' in text
        assert done.count("fails") == 1

    asyncio.run(work())


@pytest.mark.parametrize("name", ["revocation_lists", "reconcile", "denials"])
def test_what_is_done_by_itself_works(tmp_path: Path, name: str) -> None:
    shell = Shell(tmp_path)
    settings = config.load(shell.environment())

    async def work() -> None:
        await Placet.init(settings, profile="trial")
        async with Placet.open(settings, meter=Metrics()) as placet:
            (chore,) = [each for each in chores_of(placet, settings.service) if each.name == name]
            await chore.work()

    asyncio.run(work())
