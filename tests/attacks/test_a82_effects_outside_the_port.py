"""A82: nothing in this program opens a connection or starts a program but the few modules that may.

The control is a firewall around the executor; this is the part that the code itself can keep.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from placet.demo.github_double import Fault
from placet.domain.values.kinds import OutcomeStatus
from support.github import ASSETS, running_github, tag_operation

SOURCE = Path(__file__).parents[2] / "src/placet"
WAYS_OUT = frozenset(
    "socket socketserver ssl http urllib ftplib smtplib poplib imaplib telnetlib xmlrpc asyncore "
    "httpx httpx2 httpcore httpcore2 requests aiohttp urllib3 obstore boto3 subprocess pty ctypes "
    "multiprocessing".split()
)
PURE = frozenset({"urllib.parse"})
MAY = {
    "adapters/egress": "the guarded way to providers",
    "adapters/objectstore": "the object store's library, through a tunnel of the egress guard",
    "adapters/npm/pack.py": "npm pack, its scripts off",
    "adapters/npm/user_registry.py": "npm config get registry",
    "adapters/ssh/signer.py": "ssh-keygen",
    "client/wire.py": "our own service, asked by its clients; it holds no credential of a provider",
    "demo/double_server.py": "a provider on loopback",
    "web/server": "listens; it connects to nobody but the service manager that started it",
    "usecases/verify_ledger.py": "workers that hash the ledger",
}


def imports_of(path: Path) -> set[str]:
    """Return the names of all modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module}
    return found


def ways_out(path: Path) -> set[str]:
    return {name for name in imports_of(path) if name.partition(".")[0] in WAYS_OUT and name not in PURE}


def test_a82_only_the_named_modules_could_reach_the_outside() -> None:
    found = {path.relative_to(SOURCE).as_posix(): ways_out(path) for path in SOURCE.rglob("*.py")}
    others = {
        name: imported
        for name, imported in found.items()
        if imported and not any(name == may or name.startswith(f"{may}/") for may in MAY)
    }

    assert others == {}
    assert [may for may in MAY if not any(imported and name.startswith(may) for name, imported in found.items())] == []


def test_a82_no_module_starts_a_program_or_code_in_another_way() -> None:
    calls = {
        "system",
        "popen",
        "exec",
        "eval",
        "execv",
        "execve",
        "spawnv",
        "posix_spawn",
        "__import__",
        "create_subprocess_shell",
    }
    found = [
        f"{path.relative_to(SOURCE).as_posix()}: {name}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (name := node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in calls
    ]

    assert found == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a82_a_redirect_of_any_request_leads_nowhere(status: int) -> None:
    with running_github() as canary, running_github() as github:
        to = {"location": f"{canary.double.url}/repos/acme/tool"}
        github.tagged().double.inject(Fault(method="", status=status, headers=to, times=99))
        outcome = github.release()
        github.look_up(tag_operation(github.commit))

    assert (outcome.status, canary.double.connections) == (OutcomeStatus.FAILED, 0)


def test_a82_addresses_in_answers_lead_nowhere() -> None:
    with running_github() as canary, running_github() as github:
        github.double.uploads = canary.double.uploads  # what answers name as upload_url
        link = {"link": f'<{canary.double.url}/repos/acme/tool/releases?page=2>; rel="next"'}
        github.tagged().double.inject(Fault(method="GET", path="/releases", acts=True, headers=link, times=2))
        outcome = github.release()

    assert (outcome.status, canary.double.connections) == (OutcomeStatus.EXECUTED, 0)
    assert set(github.effects("asset")) == {("asset", name) for name in ASSETS}
