"""Installations that are made once and quickly, by the facade: a trial, and a team with three approvers."""

from __future__ import annotations

import pytest

from placet import config
from placet.errors import ApprovalsPendingError
from placet.facade import Placet
from support.shell import Shell

PASSPHRASE = "correct horse battery canary"
PEOPLE = ("alice", "bob", "carol")
TEAM_POLICY = """\
version = "v1"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:carol"]
[[rule]]
operations = ["publish_package", "put_object", "register_package"]
subjects   = ["npm:@acme/*", "files:@acme/*", "core:@acme/*"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 2, assurance = 2 }]
[[rule]]
operations = ["issue_certificate", "revoke_certificate"]
subjects   = ["core:@acme/*"]
requesters = ["person:*"]
approvals  = []
[[rule]]
operations = [
  "activate_policy", "enrol_principal", "change_executor", "change_role", "change_approver_key", "lift_freeze",
]
subjects   = ["core:**"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 1, assurance = 2 }]
"""
KEYS = """\
[[rule]]
operations = ["create_key"]
subjects   = ["core:person:*"]
requesters = ["person:*"]
approvals  = []
[[rule]]
operations = ["create_key"]
subjects   = ["core:service:*"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 1, assurance = 2 }]
"""
"""Keys of persons are made at will on the machine itself, those of services with approvals."""
BREAKING = '[break_glass]\ngroup = "maintainers"\n'


async def found_trial(shell: Shell, url: str) -> None:
    """Make a trial installation with a registry at `url` and a folder."""
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=url, credential="env:NPM_TOKEN")
        await placet.governance.add_provider("files", kind="folder", url=f"file:{shell.place}/objects")


def prepare_team(shell: Shell, policy: str) -> None:
    """Write what a team has before its installation: a passphrase, SSH keys, a policy, a package."""
    secret = shell.place / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    shell.variables["PLACET_PASSPHRASE_FILE"] = str(secret)
    for name in PEOPLE:
        shell.ssh_key(name)
    (shell.place / "policy.toml").write_text(policy)
    shell.package()


async def found_team(shell: Shell, url: str, policy: str) -> None:
    """Make a team's installation: sealed keys, three approvers with SSH keys, a policy, a registry at `url`."""
    _, key = await Placet.init(config.load(shell.environment()))
    assert key is not None
    async with Placet.open(config.load(shell.environment(PLACET_BOOTSTRAP_KEY=key.reveal()))) as placet:
        for name in PEOPLE:
            public = await placet.signer.public_key(shell.place / name)
            await placet.governance.add_principal(f"person:{name}", public_keys=(public.line,))
        await placet.governance.activate_policy(policy.encode())
    async with Placet.open(config.load(shell.environment())) as placet:
        with pytest.raises(ApprovalsPendingError) as pending:
            await placet.governance.add_provider(
                "npm", kind="npm", url=url, credential="env:NPM_TOKEN", requester="person:alice"
            )
        await approve(placet, pending.value.run_id, shell)
        await placet.publishing.resume(pending.value.run_id)


async def approve(placet: Placet, run_id: str, shell: Shell, name: str = "bob") -> None:
    """Let somebody approve a run."""
    approver = f"person:{name}"
    ballot = await placet.publishing.ballot(run_id, approver)
    await placet.publishing.say(ballot, "approve", approver=approver, key=shell.place / name, signer=placet.signer)
