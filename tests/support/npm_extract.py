"""What npm's own extractor makes of tarballs: the oracle for every listing of ours."""

from __future__ import annotations

import json
import posixpath
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from placet.domain.encoding.archive import ArchiveReading
from placet.domain.package.manifest import install_effects

_SCRIPT = Path(__file__).parents[1] / "acceptance" / "packages" / "extract.cjs"


class Extraction(Struct, frozen=True, kw_only=True):
    """The files that npm left on disk, as (path, executable, sha256) triples; or its error."""

    files: frozenset[tuple[str, bool, str]]
    error: str


def extract_with_npm(tarballs: list[Path], place: Path) -> list[Extraction]:
    """Extract each tarball with the code of `npm install`, in one Node process."""
    wanted = place / "tarballs.json"
    wanted.write_text(json.dumps([str(each) for each in tarballs]))
    answers = subprocess.run(
        ["node", _SCRIPT, npm_folder(), place, wanted],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [_extraction(json.loads(answer)) for answer in answers]


def npm_folder() -> Path:
    """Return where the npm that tests use has its own modules."""
    root = subprocess.run(["npm", "root", "-g"], check=True, capture_output=True, text=True).stdout.strip()
    for folder in (Path(root) / "npm", _beside(shutil.which("npm"))):
        if folder is not None and (folder / "node_modules" / "pacote").is_dir():
            return folder
    raise AssertionError(f"npm's own modules are not in {root}")


def as_installed(reading: ArchiveReading) -> frozenset[tuple[str, bool, str]]:
    """Return our listing in the form of an extraction: npm makes the commands of a package executable."""
    commands = {posixpath.normpath(path) for _, path in install_effects(reading).bins}
    return frozenset(
        (each.path, bool(each.mode & 0o100) or each.path in commands, each.sha256.removeprefix("sha256:"))
        for each in reading.files
    )


def _beside(npm: str | None) -> Path | None:
    return None if npm is None else Path(npm).resolve().parents[1]


def _extraction(answer: dict[str, str] | list[list[object]]) -> Extraction:
    if isinstance(answer, dict):
        return Extraction(files=frozenset(), error=answer["error"])
    return Extraction(files=frozenset((str(p), bool(x), str(d)) for p, x, d in answer), error="")
