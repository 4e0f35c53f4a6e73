"""What git tracks names no machine, no download host and no workplace, and pins every byte it will fetch."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from architecture.tree import ROOT, tracked_files

pytestmark = pytest.mark.needs("git")

# Each is written so that it does not match itself.
FORBIDDEN = {
    "a download host": re.compile(rb"registry\.npmjs|registry\.yarnpkg|pypi\.org|pythonhosted\.org|deb\.debian\.org"),
    "a path of one machine": re.compile(rb"/(root|work|tmp/w)/[a-z.]|/home/(?!alice|bob|user|placet|runner)[a-z]+/"),
    "a workplace": re.compile(rb"shared/desig[n]|blueprint\.m[d]|\.librar[y]/"),
    "a private key": re.compile(rb"-----BEGIN (RSA |EC |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\n[A-Za-z0-9+/]{60}"),
}
PINNED = r"^[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[^ ]+( ; [^\\]+)? \\\n"
HASHES = r"(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+"
REQUIREMENT = re.compile(PINNED + HASHES, re.MULTILINE)
AFTER_THE_NAME = re.compile(r"[^A-Za-z0-9._-]")
NAMED = re.compile(r"^[A-Za-z0-9]", re.MULTILINE)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str) -> None:
    found = [path.relative_to(ROOT).as_posix() for path in tracked_files() if FORBIDDEN[what].search(path.read_bytes())]

    assert found == []


def test_no_tracked_file_is_a_lock_with_download_addresses() -> None:
    assert [path for path in tracked_files() if path.name in {"uv.lock", "poetry.lock", "yarn.lock"}] == []


def test_every_npm_lock_has_integrity_and_no_address() -> None:
    packages = [
        (f"{lock.parent.name}: {name}", each)
        for lock in tracked_files()
        if lock.name == "package-lock.json"
        for name, each in json.loads(lock.read_text())["packages"].items()
        if name
    ]

    assert [name for name, each in packages if "resolved" in each] == []
    assert [name for name, each in packages if "integrity" not in each and "inBundle" not in each] == []


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.stem)
def test_every_requirement_is_pinned_by_hash(path: Path) -> None:
    text = path.read_text()

    assert len(REQUIREMENT.findall(text)) == len(NAMED.findall(text)) > 0


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.stem)
def test_no_requirement_file_names_an_index(path: Path) -> None:
    assert "index-url" not in path.read_text()
    assert "find-links" not in path.read_text()
    assert "://" not in path.read_text()


def test_every_dependency_of_the_project_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "run": project["project"]["dependencies"],
        **{name: members for name, members in project["dependency-groups"].items() if name != "run"},
    }
    missing = {
        f"{name}: {requirement}"
        for name, requirements in wanted.items()
        for requirement in requirements
        if f"\n{AFTER_THE_NAME.split(requirement)[0]}=="
        not in "\n" + (ROOT / "requirements" / f"{name}.txt").read_text()
    }

    assert missing == set(), "run `make lock`"
