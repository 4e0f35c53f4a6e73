"""The real npm, with a home, a cache and a registry of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from msgspec import Struct


class NpmClient(Struct, frozen=True):
    """Runs npm commands against one registry."""

    home: Path
    registry: str
    token: str = ""

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run npm, which must succeed, and return what it printed."""
        self.home.mkdir(exist_ok=True)
        host = self.registry.removeprefix("http:")
        lines = [f"registry={self.registry}/", "update-notifier=false", "fund=false", "audit=false"]
        lines += [f"{host}/:_authToken={self.token}"] if self.token else []
        (self.home / ".npmrc").write_text("\n".join(lines) + "\n")
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"]}  # noqa: TID251 - npm is found on it
        done = subprocess.run(
            ["npm", *arguments], cwd=cwd or self.home, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
