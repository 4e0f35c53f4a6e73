"""`placet` where there is no network at all, not even loopback."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.shell import PLACET, Shell

_WAYS = (["unshare", "-n"], ["unshare", "-rn"])


def without_network(arguments: list[str | Path], environment: dict[str, str], place: Path) -> Any:
    """Run `placet` in a network namespace of its own, where it must succeed; return the JSON that it printed."""
    isolated = next((each for each in _WAYS if not subprocess.call([*each, "true"])), None)
    if isolated is None:
        pytest.skip("needs the right to make network namespaces")
    ran = Shell(place).run([*isolated, PLACET, *arguments], environment)
    assert ran.code == 0, ran.err
    return ran.json()
