"""Receipts: shown with their life, taken back where they were not used."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from placet import config
from placet.demo.npm_double import NpmDouble
from placet.facade import Packages, Placet, PublishRequest
from support.shell import Shell


class Killed(BaseException):
    """Stands for the end of the process at a named point."""


def killed_at(shell: Shell, point: str, folder: Path) -> str:
    """Publish until `point`, where the process ends; return the run."""
    settings = config.load(shell.environment())

    def at(name: str) -> None:
        if name == point:
            raise Killed

    async def publish() -> None:
        async with Placet.open(settings, at=at) as placet:
            request = PublishRequest(tgz=await Packages(settings).pack(folder), to=("npm",))
            await placet.publishing.publish(request)

    with pytest.raises(Killed):
        asyncio.run(publish())
    return str(shell.done("run", "list", "--limit", "1", "--json").json()["runs"][0]["run_id"])


def receipt_of(shell: Shell, run_id: str, kind: str = "publish_package") -> str:
    operations = shell.done("run", "show", run_id, "--json").json()["operations"]
    return str(next(each["receipt_id"] for each in operations if each["operation_kind"] == kind))


@pytest.fixture(scope="module")
def unused(trial: Shell) -> tuple[str, str]:
    """Return a run that was killed between the issue of its receipt and the use, and the receipt."""
    run_id = killed_at(trial, "publish_package.issued", trial.package("6.0.0", folder="killed"))
    return run_id, receipt_of(trial, run_id)


def test_a_receipt_that_was_not_used_is_taken_back_and_the_publication_gets_another(
    trial: Shell, unused: tuple[str, str], registry: NpmDouble
) -> None:
    run_id, receipt_id = unused
    before = trial.done("receipt", "show", receipt_id, "--json").json()

    revoked = trial.done("receipt", "revoke", receipt_id)
    twice = trial.placet("receipt", "revoke", receipt_id)
    trial.done("run", "resume", run_id)
    after = trial.done("receipt", "show", receipt_of(trial, run_id), "--json").json()

    assert (before["state"], [each["type"] for each in before["life"]]) == ("issued", ["receipt.issued"])
    assert revoked.out.startswith(f"Receipt {receipt_id} is revoked.\n")
    assert "receipt.revoked" in revoked.out
    assert (twice.code, "error: RECEIPT_REVOKED: " in twice.err) == (3, True)
    assert (after["state"], after["attempt"]) == ("executed", 2)
    assert registry.effects("@acme/tool", "6.0.0") == 1


def test_a_receipt_that_was_used_is_not_taken_back_and_the_attempt_is_recorded(published: Shell) -> None:
    runs = published.done("run", "list", "--json").json()["runs"]
    run_id = next(each["run_id"] for each in runs if each["subject"] == "@acme/tool@1.0.0")
    receipt_id = receipt_of(published, run_id)

    ran = published.placet("receipt", "revoke", receipt_id)
    denials = published.done("run", "show", run_id, "--json").json()["denials"]

    assert (ran.code, "error: RECEIPT_CONSUMED: " in ran.err) == (3, True)
    assert [each["code"] for each in denials] == ["RECEIPT_CONSUMED"]


def test_a_receipt_is_shown_with_its_life_and_without_its_mac(published: Shell) -> None:
    runs = published.done("run", "list", "--json").json()["runs"]
    run_id = next(each["run_id"] for each in runs if each["subject"] == "@acme/tool@1.0.0")

    shown = published.done("receipt", "show", receipt_of(published, run_id))
    document = published.done("receipt", "show", receipt_of(published, run_id), "--json").json()

    assert [each["type"] for each in document["life"]] == ["receipt.issued", "receipt.reserved", "package.published"]
    assert "approved by  nobody: the policy demands no approval" in shown.out
    assert "placet_rcpt_" not in shown.out + str(document)
