"""A person at a terminal: runs the real `placet` in a home of its own, with nothing of this machine's settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLACET = Path(sys.executable).parent / "placet"
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the one JSON document on standard output."""
        return json.loads(self.out)

    def error(self) -> Any:
        """Return the error that `--json` gave on standard error, which ends with it."""
        return json.loads(self.err.splitlines()[-1])["error"]


@dataclass(slots=True)
class Shell:
    """One person's shell: a folder, and variables on top of almost none."""

    place: Path
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self, **changed: str) -> dict[str, str]:
        fixed = {
            "HOME": str(self.place),
            "PATH": os.environ["PATH"],  # noqa: TID251 - npm and ssh-keygen are found on it
            "PLACET_HOME": str(self.place / "home"),
            "PLACET_ANCHOR": str(self.place / "anchors"),
            "LC_ALL": "C.UTF-8",
        }
        return {**fixed, **self.variables, **changed}

    def placet(self, *arguments: str | bytes | Path, env: Mapping[str, str] | None = None) -> Ran:
        """Run one command to its end."""
        done = subprocess.run(
            [PLACET, *arguments],
            cwd=self.place,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def done(self, *arguments: str | bytes | Path, env: Mapping[str, str] | None = None) -> Ran:
        """Run one command, which must succeed."""
        ran = self.placet(*arguments, env=env)
        assert ran.code == 0, ran.err
        return ran

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        """Start a command and return at once. It heeds SIGINT, also where the tests run in the background."""
        return subprocess.Popen(
            ["env", "--default-signal=INT", PLACET, *arguments],
            cwd=self.place,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )

    def script(self, text: str, **variables: str) -> Ran:
        """Run a line as a shell would, with `placet` on the PATH."""
        environment = self.environment(**variables)
        environment["PATH"] = f"{PLACET.parent}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            ["sh", "-c", text],
            cwd=self.place,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def size(self) -> int:
        """Return how many entries the ledger has."""
        return int(self.done("ledger", "show", "--count", "1", "--json").json()["size"])

    def package(self, version: str = "1.0.0", name: str = "@acme/tool", folder: str = "my-package") -> Path:
        """Write a small package and return its folder."""
        path = self.place / folder
        path.mkdir(exist_ok=True)
        (path / "package.json").write_text(json.dumps({"name": name, "version": version, "main": "index.js"}))
        (path / "index.js").write_text("module.exports = 1\n")
        return path

    def ssh_key(self, name: str) -> Path:
        """Make an SSH key and return its file; the public half lies beside it."""
        path = self.place / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        return path
