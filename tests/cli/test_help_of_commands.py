"""Help: every command says what it does and shows one example, and each example runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from placet.cli.command import Command, Group
from placet.cli.failures import EXIT_CODES
from placet.cli.program import root
from placet.errors import (
    ApprovalsPendingError,
    ConfigurationError,
    DeniedError,
    EffectError,
    InvalidInputError,
    NotFoundError,
    PlacetError,
    UnavailableError,
    VerificationError,
)
from support.shell import PLACET, Shell

HEAVY = ("cryptography", "httpx2", "obstore", "sqlite3", "placet.facade", "placet.domain")


def commands(group: click.Command = root, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(("placet", *path)), group
    if isinstance(group, Group):
        for name in group.children:
            child = group.get_command(click.Context(group), name)
            assert child is not None
            yield from commands(child, (*path, name))


COMMANDS = dict(commands())
EXAMPLES = {path: command.example for path, command in COMMANDS.items() if isinstance(command, Command)}


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in EXAMPLES])
def test_only_groups_have_no_example(path: str) -> None:
    assert isinstance(COMMANDS[path], Group)


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_is_of_its_command_and_stands_in_its_help(path: str) -> None:
    command = COMMANDS[path]
    text = command.get_help(click.Context(command, info_name=path, max_content_width=100))

    assert EXAMPLES[path].startswith(path)
    assert text.endswith(f"Example:\n  {EXAMPLES[path]}")


def test_the_list_of_commands_says_what_each_command_says_of_itself() -> None:
    groups = [(path, command) for path, command in COMMANDS.items() if isinstance(command, Group)]
    said = {
        f"{path} {name}": child.summary
        for path, group in groups
        for name, child in group.children.items()
        if isinstance(group.get_command(click.Context(group), name), Command)
    }

    assert said == {path: (COMMANDS[path].help or "").partition("\n")[0] for path in said}


# What the rest needs state of its own for stands in the tests of that command.
ELSEWHERE = {
    "placet init": "test_publishing_on_the_command_line",
    "placet approve": "test_approving_on_the_command_line",
    "placet deny": "test_approving_on_the_command_line",
    "placet break-glass approve": "test_break_glass_on_the_command_line",
    "placet break-glass show": "test_break_glass_on_the_command_line",
    "placet break-glass review": "test_break_glass_on_the_command_line",
    "placet run resume": "test_approving_on_the_command_line",
    "placet receipt revoke": "test_receipts_on_the_command_line",
    "placet ledger anchor": "test_ledger_on_the_command_line",
    "placet demo": "test_demo",
    "placet key revoke": "test_keys_on_the_command_line",
    "placet key rotate": "test_keys_on_the_command_line",
    "placet session revoke": "test_issuers_and_sessions_on_the_command_line",
    "placet serve": "test_serving_on_the_command_line",
    "placet storage check": "test_storage_on_the_command_line",
    "placet package stamp": "test_packages_on_the_command_line",
    "placet package unstamp": "test_packages_on_the_command_line",
}


@pytest.mark.parametrize("path", sorted(set(EXAMPLES) - set(ELSEWHERE)))
def test_the_example_of_every_command_runs(prepared: Shell, path: str) -> None:
    example = EXAMPLES[path].replace("http://127.0.0.1:4873", "$REGISTRY")  # the one that answers here

    ran = prepared.script(example)

    assert ran.code == 0, ran.err


@pytest.mark.parametrize("arguments", [["--help"], ["ledger", "--help"], ["publish", "--help"], ["--version"], []])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = f"import sys; from placet.cli import main; sys.argv[1:] = {arguments!r}; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    loaded = done.stdout.splitlines()[-1].split()
    assert [name for name in HEAVY if name in loaded] == []


def test_a_command_for_this_machine_waits_for_nothing_that_only_services_and_long_logs_need(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.done("init", "--profile", "trial")
    program = "import sys; from placet.cli.program import run; run(['run', 'list']); print(*sys.modules)"

    ran = shell.run([sys.executable, "-c", program], shell.environment())

    loaded = set(ran.out.split())
    assert {"placet.facade", "cryptography.x509"} <= loaded
    assert loaded & {"httpx2", "placet.client", "multiprocessing", "starlette", "uvicorn", "obstore"} == set()


def test_the_version_is_told_without_importing_anything_else() -> None:
    program = "import sys; sys.argv[1:] = ['--version']; from placet.cli import main; main(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False, env=SOURCE
    )

    ours = [name for name in done.stdout.splitlines()[-1].split() if name.startswith(("placet", "click"))]
    assert (done.stdout.split()[:2], ours) == (["placet", "0.1.0"], ["placet", "placet.cli"])


def test_help_ends_with_the_exit_codes_that_the_errors_have() -> None:
    text = subprocess.run([PLACET, "--help"], capture_output=True, text=True, check=True).stdout
    families: list[type[PlacetError]] = [
        InvalidInputError,
        NotFoundError,
        ConfigurationError,
        DeniedError,
        ApprovalsPendingError,
        VerificationError,
        EffectError,
        UnavailableError,
    ]

    assert {str(family.exit_code) for family in families} | {"0", "2", "70", "130", "141"} == {
        number for number, _ in EXIT_CODES
    }
    assert text.partition("Exit codes:\n")[2].splitlines()[0].split() == ["0", "done"]


@pytest.mark.parametrize("arguments", [[], ["run"], ["ledger"]])
def test_without_a_command_help_is_shown_and_the_exit_code_says_so(arguments: list[str]) -> None:
    done = subprocess.run([PLACET, *arguments], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Commands:\n" in done.stderr


SOURCE = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
