"""The guide for the service is a script: every block runs, in order, and what it checks is so."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import pytest

from support.shell import PLACET, Shell

GUIDE = Path(__file__).parents[2] / "docs" / "guide-service.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WAIT = "\nuntil curl -fsS http://127.0.0.1:8480/livez >/dev/null 2>&1; do kill -0 $!; sleep 0.05; done\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.mark.needs("curl", "jq", "openssl")
def test_every_block_of_the_guide_runs(tmp_path: Path) -> None:
    first, *others = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    program = f"set -euxo pipefail\ntrap 'kill $(jobs -p)' EXIT\n{first}{WAIT}{''.join(others)}"

    ran = subprocess.run(
        ["bash", "-c", program.replace("8480", str(free_port()))],
        cwd=tmp_path,
        env={**Shell(tmp_path).environment(), "PATH": f"{PLACET.parent}:{Shell(tmp_path).environment()['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stderr[-3000:]
    assert len(others) == 6
    assert ran.stdout.count("true") >= 12
