"""Fetches the original tarballs of the thirty real packages once, each checked against the lock file.

usage: python tests/acceptance/packages/fetch.py

Does nothing, and needs no network, when all are there. Uses the user's npm and its settings.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from msgspec import Struct

LOCK = Path(__file__).parent / "package-lock.json"
KEPT = Path(__file__).parents[3] / ".cache" / "packages"
_PREFIX = "node_modules/"


class RealPackage(Struct, frozen=True, kw_only=True):
    """One package of the lock file, and where its original tarball is kept."""

    name: str
    version: str
    integrity: str

    @property
    def file_name(self) -> str:
        """Return the name that `npm pack` gives the tarball."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    @property
    def path(self) -> Path:
        """Return where the tarball is kept."""
        return KEPT / self.file_name

    def is_kept(self) -> bool:
        """Tell whether the tarball is there with the bytes that the lock file names."""
        return self.path.is_file() and self.matches(self.path.read_bytes())

    def matches(self, tgz: bytes) -> bool:
        """Tell whether these are the bytes that the lock file names."""
        return self.integrity == "sha512-" + base64.b64encode(hashlib.sha512(tgz).digest()).decode()


def real_packages() -> list[RealPackage]:
    """Return the packages of the lock file, in its order."""
    packages = json.loads(LOCK.read_text())["packages"]
    return [
        RealPackage(name=place.removeprefix(_PREFIX), version=each["version"], integrity=each["integrity"])
        for place, each in packages.items()
        if place
    ]


def fetch(wanted: list[RealPackage]) -> list[str]:
    """Fetch the tarballs by one `npm pack`; return the names of those that did not match or come."""
    if not wanted:
        return []
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as place:
        specs = [f"{each.name}@{each.version}" for each in wanted]
        subprocess.run(
            ["npm", "pack", "--ignore-scripts", "--loglevel=error", f"--pack-destination={place}", *specs],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=place,
        )
        return [each.name for each in wanted if not _keep(each, Path(place) / each.file_name)]


def _keep(package: RealPackage, fetched: Path) -> bool:
    if not fetched.is_file() or not package.matches(fetched.read_bytes()):
        return False
    fetched.replace(package.path)
    return True


def main() -> int:
    """Fetch what is missing; return the exit code."""
    wrong = fetch([each for each in real_packages() if not each.is_kept()])
    for name in wrong:
        sys.stderr.write(f"fetch: {name} is not what the lock file names\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
