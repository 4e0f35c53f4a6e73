"""A team founded on the command line, as its handbook says; the people approve from processes of their own."""

from __future__ import annotations

from pathlib import Path

from support.shell import Shell

REQUESTER = "person:alice"
APPROVERS = ("bob", "carol", "dan")


def found_team(place: Path, policy: str, **credentials: str) -> Shell:
    """Make an installation in `place`: the bootstrap key enrols everybody, activates `policy`, and is dead.

    The shell is alice's, who may ask; bob, carol and dan have SSH keys of these names in `place`.
    """
    shell = Shell(place, {"PLACET_PASSPHRASE_FILE": str(place / "passphrase"), **credentials})
    (place / "passphrase").write_text("correct horse battery staple\n")
    (place / "policy.toml").write_text(policy)
    bootstrap = {"PLACET_BOOTSTRAP_KEY": shell.done("init", "--name", "acme", "--json").json()["bootstrap_key"]}
    shell.done("principal", "add", REQUESTER, env=bootstrap)
    for name in APPROVERS:
        shell.done("principal", "add", f"person:{name}", "--key", f"{shell.ssh_key(name)}.pub", env=bootstrap)
    shell.done("policy", "activate", "policy.toml", env=bootstrap)
    shell.variables["PLACET_PRINCIPAL"] = REQUESTER
    return shell


def approve(shell: Shell, run_id: str, *names: str) -> None:
    """Let these people approve the run's plan, each in a process of their own."""
    for name in names:
        said = shell.done("approve", run_id, "--as", f"person:{name}", "--key", name, "--yes", "--json")
        assert said.json()["decision"] == "approve"
