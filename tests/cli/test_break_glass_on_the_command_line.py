"""A night with nobody to approve: a freeze, two persons break the glass, and a third reviews it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cli.conftest import TOKEN
from cli.test_json_of_commands import DOCUMENTED
from placet import config
from placet.demo.npm_double import NpmDouble
from placet.errors import ApprovalsPendingError
from placet.facade import Placet
from support.homes import TEAM_POLICY
from support.shell import Ran, Shell

pytestmark = pytest.mark.needs("ssh-keygen")
PEOPLE = ("alice", "bob", "carol", "dave")
POLICY = TEAM_POLICY.replace(
    '[groups.maintainers]\nmembers = ["person:alice", "person:bob", "person:carol"]\n',
    '[break_glass]\ngroup = "oncall"\n'
    '[groups.oncall]\nmembers = ["person:bob", "person:dave"]\n'
    '[groups.maintainers]\nmembers = ["person:alice", "person:bob", "person:carol"]\n',
)


@pytest.fixture
def night(tmp_path: Path, registry: NpmDouble) -> Shell:
    """Return a team whose policy lets two of its on-call group break the glass."""
    shell = Shell(tmp_path, {"NPM_TOKEN": TOKEN, "PLACET_PASSPHRASE": "canary", "PLACET_PRINCIPAL": "person:alice"})
    for name in PEOPLE:
        shell.ssh_key(name)
    asyncio.run(_found(shell, registry.url))
    (tmp_path / "why.txt").write_text("the token leaks in 1.9.9\nand is being used\n")
    return shell


async def _found(shell: Shell, url: str) -> None:
    _, key = await Placet.init(config.load(shell.environment()))
    assert key is not None
    bootstrap = config.load(shell.environment(PLACET_BOOTSTRAP_KEY=key.reveal(), PLACET_PRINCIPAL=""))
    async with Placet.open(bootstrap) as placet:
        for name in PEOPLE:
            public = await placet.signer.public_key(shell.place / name)
            await placet.governance.add_principal(f"person:{name}", public_keys=(public.line,))
        await placet.governance.activate_policy(POLICY.encode())
    async with Placet.open(config.load(shell.environment())) as placet:
        with pytest.raises(ApprovalsPendingError) as pending:
            await placet.governance.add_provider("npm", kind="npm", url=url, credential="env:NPM_TOKEN")
        run_id = pending.value.hint.split()[2]
        ballot = await placet.publishing.ballot(run_id, "person:bob")
        bob = shell.place / "bob"
        await placet.publishing.say(ballot, "approve", approver="person:bob", key=bob, signer=placet.signer)
        await placet.publishing.resume(run_id)


def breaks(shell: Shell, run_id: str, name: str, *waives: str) -> Ran:
    named = [word for waived in waives for word in ("--waive", waived)]
    signing = ("--justification", "why.txt", "--as", f"person:{name}", "--key", name, "--yes", "--json")
    return shell.placet("break-glass", "approve", run_id, *named, *signing)


def test_a_frozen_package_is_published_by_two_reviewed_by_a_third_and_says_so_for_ever(night: Shell) -> None:
    night.done("freeze", "set", "npm:@acme/*", "--reason", "a token may have leaked", "--as", "person:bob")
    frozen = night.placet("publish", night.package("2.0.0"), "--no-wait")
    run_id = next(line.split()[1] for line in frozen.err.splitlines() if line.startswith("run "))
    first = breaks(night, run_id, "bob", "approvals", "freeze")
    second = breaks(night, run_id, "dave", "freeze", "approvals")
    night.done("run", "resume", run_id)
    verified = night.done("verify", "@acme/tool@2.0.0")
    owed = night.done("freeze", "list").out
    told = night.done("break-glass", "show", run_id, "--json").json()
    own = night.placet("break-glass", "review", run_id, "--as", "person:dave", "--key", "dave", "--yes")
    reviewed = night.done("break-glass", "review", run_id, "--as", "person:carol", "--key", "carol", "--yes", "--json")

    assert (frozen.code, "error: FROZEN: " in frozen.err) == (3, True)
    assert (first.json()["broken"], second.json()["broken"]) == (False, True)
    assert verified.out.startswith("Verified: @acme/tool@2.0.0 was published UNDER BREAK-GLASS.\n")
    assert "  waived       approvals, freeze\n" in verified.out
    assert f"  because      {second.json()['justification']}\n" in verified.out
    assert f"  run      {run_id}\n" in owed
    assert "unless it is reviewed" in owed
    assert [each["text"] for each in told["exceptions"]] == [(night.place / "why.txt").read_text()] * 2
    assert (own.code, "error: APPROVER_INELIGIBLE: " in own.err) == (3, True)
    assert run_id not in night.done("freeze", "list").out
    for command, ran in (("approve", second.json()), ("show", told), ("review", reviewed.json())):
        assert set(ran) == set(DOCUMENTED[f"break-glass {command} RUN"])
    assert night.done("ledger", "verify").code == 0


def test_what_cannot_be_waived_is_refused_and_shown_for_what_it_is(night: Shell) -> None:
    pending = night.placet("publish", night.package("2.1.0"), "--no-wait")
    run_id = next(line.split()[1] for line in pending.err.splitlines() if line.startswith("run "))
    signature = breaks(night, run_id, "bob", "signature")
    outsider = breaks(night, run_id, "carol", "approvals")
    (night.place / "why.txt").write_text(" \n")
    silent = breaks(night, run_id, "bob", "approvals")
    nothing = night.placet("break-glass", "show", run_id)
    early = night.placet("break-glass", "review", run_id, "--as", "person:carol", "--key", "carol", "--yes")

    assert (signature.code, signature.error()["code"]) == (3, "BREAK_GLASS_INVALID")
    assert (outsider.code, outsider.error()["code"]) == (3, "APPROVER_INELIGIBLE")
    assert (silent.code, silent.error()["code"]) == (1, "BREAK_GLASS_INVALID")
    assert (nothing.code, early.code) == (1, 1)
    assert "error: NOT_FOUND: " in nothing.err
