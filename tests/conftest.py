"""What every test gets: a clean environment, and skips that name the program that was missing.

Fixtures of one kind of test live beside those tests; this file holds only what all of them need.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from support.canaries import HOMES
from support.seaweed import ObjectStore, running_seaweed

# Tests that run a whole program build its environment from this process's: hold here what no test may see.
_NEVER_SEEN_BY_TESTS = (
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "CIRCLECI",
    "BUILDKITE",
    "TF_BUILD",
    "JENKINS_URL",
    "TRAVIS",
    "TEAMCITY_VERSION",
    "SSH_AUTH_SOCK",
    "NPM_TOKEN",
    "NODE_AUTH_TOKEN",
)

_LONGEST_ID = 40

# Node and npm were installed by hash beside the interpreter; a system's own may be years older.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # noqa: TID251 - see above

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")  # noqa: TID251 - CI must repeat itself


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the caller's settings, credentials, agent, anchors and CI from every test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*_NEVER_SEEN_BY_TESTS, *(key for key in os.environ if key.startswith("PLACET_"))]:  # noqa: TID251 - listed to be removed
            patch.delenv(name, raising=False)
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def no_secret_in_a_ledger() -> Iterator[None]:
    """Fail the test after which a ledger holds a secret."""
    yield
    HOMES.check()


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """Yield a real object store, started once for each worker that asks; each test takes a prefix of its own."""
    if shutil.which("weed") is None:
        pytest.skip("needs weed")
    with running_seaweed(tmp_path_factory.mktemp("seaweed")) as store:
        yield store


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case by its argument where its value is long: some hold fresh keys, and every worker must agree."""
    return argname if isinstance(val, str | bytes) and len(val) > _LONGEST_ID else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose programs are not on this machine, naming them."""
    needed = [program for marker in item.iter_markers("needs") for program in marker.args]
    if item.get_closest_marker("node") is not None:
        needed += ["node", "npm"]
    missing = [program for program in needed if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List by name what was not run, under the reason, so that a skipped test is never silent."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        by_reason[reason.removeprefix("Skipped: ")].append(report.nodeid)
    if by_reason:
        terminalreporter.section("not run on this machine")
    for reason, names in sorted(by_reason.items()):
        terminalreporter.line(f"{reason}:")
        for name in sorted(names):
            terminalreporter.line(f"  {name}")
