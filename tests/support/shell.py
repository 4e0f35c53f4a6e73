"""A person at a terminal: runs the real `placet` in a home of its own, with nothing of this machine's settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from support.canaries import HOMES, ON_STANDARD_OUTPUT, Canaries

PLACET = Path(sys.executable).parent / "placet"
SECONDS = 120


class Ran(Struct, frozen=True):
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


class _Started(subprocess.Popen[bytes]):
    """A command that is under way; what it wrote is searched for secrets when it is collected."""

    def __init__(self, command: Sequence[str | Path], *, env: Mapping[str, str], **given: Any) -> None:
        self._words, self._canaries = " ".join(map(str, command)), Canaries.of(env)
        super().__init__(command, env=env, **given)

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:  # noqa: A002 - the base class's name
        out, err = super().communicate(input, timeout)
        self._canaries.check(self._words, out or b"", ON_STANDARD_OUTPUT)
        self._canaries.check(self._words, err or b"")
        return out, err


class Shell(Struct):
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
        environment = {**fixed, **self.variables, **changed}
        HOMES.note(environment)
        return environment

    def placet(self, *arguments: str | bytes | Path, env: Mapping[str, str] | None = None) -> Ran:
        """Run one command to its end; it may tell no secret."""
        return self.run([PLACET, *arguments], self.environment(**(env or {})))

    def run(self, command: Sequence[str | bytes | Path], environment: Mapping[str, str]) -> Ran:
        """Run any command that ends up in `placet`, with this environment."""
        done = subprocess.run(
            command,
            cwd=self.place,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        canaries, words = Canaries.of(environment), " ".join(os.fsdecode(word) for word in command)
        canaries.check(words, done.stdout, ON_STANDARD_OUTPUT)
        canaries.check(words, done.stderr)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def done(self, *arguments: str | bytes | Path, env: Mapping[str, str] | None = None) -> Ran:
        """Run one command, which must succeed."""
        ran = self.placet(*arguments, env=env)
        assert ran.code == 0, ran.err
        return ran

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        """Start a command and return at once. It heeds SIGINT, also where the tests run in the background."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command: list[str | Path] = ["env", "--default-signal=INT", PLACET, *arguments]
        return _Started(command, cwd=self.place, env=self.environment(), **{**pipes, **streams})

    def script(self, text: str, **variables: str) -> Ran:
        """Run a line as a shell would, with `placet` on the PATH."""
        environment = self.environment(**variables)
        environment["PATH"] = f"{PLACET.parent}{os.pathsep}{environment['PATH']}"
        return self.run(["sh", "-c", text], environment)

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
