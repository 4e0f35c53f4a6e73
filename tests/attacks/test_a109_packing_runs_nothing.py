"""A109, packing: a project that is packed runs nothing, reads no token and brings no file from outside."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from placet.adapters.npm.pack import NpmPacker
from placet.domain.encoding.archive import read_archive
from placet.errors import InvalidInputError

SCRIPTS = ("prepack", "prepare", "postpack", "prepublish", "prepublishOnly", "publish", "install", "dependencies")
_STRACE = ("strace", "-f", "-qq", "-s", "4096", "-e", "trace=open,openat,connect,execve")
CANARY = "placet-canary-5c1f"


def npm() -> Path:
    found = shutil.which("npm")
    assert found is not None
    return Path(found)


def hostile_project(tmp_path: Path) -> Path:
    """Return a project whose every script and setting would leave a mark or reach for a token."""
    project = tmp_path / "project"
    project.mkdir()
    mark = f"cat ~/.npmrc > {tmp_path}/ran; env >> {tmp_path}/ran"
    manifest = {
        "name": "@acme/tool",
        "version": "1.0.0",
        "scripts": dict.fromkeys(SCRIPTS, mark),
        "publishConfig": {"registry": "http://127.0.0.1:9/", "access": "public"},
        "config": {"registry": "http://127.0.0.1:9/"},
    }
    (project / "package.json").write_text(json.dumps(manifest))
    (project / "index.js").write_text("module.exports = 1\n")
    (project / ".npmrc").write_text(
        f"registry=http://127.0.0.1:9/\nignore-scripts=false\nforeground-scripts=true\ndry-run=true\noffline=false\n"
        f"script-shell={tmp_path}/shell\nnode-options=--require={tmp_path}/load.js\n"
        f"cache={tmp_path}/cache\nlogs-dir={tmp_path}/logs\nlogs-max=9\ntiming=true\npack-destination={tmp_path}/out\n"
        f"prefix={tmp_path}/prefix\nuserconfig={tmp_path}/home/.npmrc\nworkspaces=true\nloglevel=silly\n"
    )
    (project / "binding.gyp").write_text("{}")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text(f"//127.0.0.1:9/:_authToken={CANARY}\n")
    return project


def pack(project: Path, program: Path | None = None) -> bytes:
    return asyncio.run(NpmPacker(program or npm(), timeout_seconds=60).pack(project))


@pytest.mark.node
def test_a109_no_script_of_the_project_runs_and_no_setting_of_it_counts(tmp_path: Path) -> None:
    before = {"project", "home"}
    reading = read_archive(pack(hostile_project(tmp_path)))
    assert [each.path for each in reading.files] == ["binding.gyp", "index.js", "package.json"]
    assert {each.name for each in tmp_path.iterdir()} == before


@pytest.mark.node
def test_a109_packing_writes_nothing_into_the_project(tmp_path: Path) -> None:
    project = hostile_project(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in [project, *project.rglob("*")]}
    pack(project)
    assert {path: path.stat().st_mtime_ns for path in [project, *project.rglob("*")]} == before


PRINTS_WHAT_IT_SEES = """#!{python}
import json, os, pathlib, sys
home = pathlib.Path(os.environ["HOME"])
seen = {{
    "environment": sorted(os.environ),
    "home": sorted(each.name for each in home.iterdir()),
    "own": str(home.parent) == str(pathlib.Path.cwd().parent),
    "settings": sorted(each.name for each in pathlib.Path.cwd().iterdir()),
    "options": [each for each in sys.argv if each.startswith("--")],
}}
pathlib.Path({seen!r}).write_text(json.dumps(seen))
sys.exit("npm error code ECANARY\\nnpm error the reason\\x1b[31m in words")
"""


def npm_that_looks_around(tmp_path: Path) -> Path:
    program = tmp_path / "npm"
    program.write_text(PRINTS_WHAT_IT_SEES.format(python=sys.executable, seen=str(tmp_path / "seen.json")))
    program.chmod(0o755)
    return program


def test_a109_npm_is_given_an_empty_home_and_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = hostile_project(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NPM_TOKEN", CANARY)
    monkeypatch.setenv("npm_config_ignore_scripts", "false")
    with pytest.raises(InvalidInputError):
        pack(project, npm_that_looks_around(tmp_path))
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert set(seen["environment"]) - {"LC_CTYPE"} == {"HOME", "LANG", "PATH", "TMPDIR"}
    assert (seen["home"], seen["own"], seen["settings"]) == ([], True, ["package.json"])
    assert {"--ignore-scripts", "--offline", "--no-dry-run"} <= set(seen["options"])


def test_a109_why_npm_failed_is_told_escaped(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        pack(hostile_project(tmp_path), npm_that_looks_around(tmp_path))
    assert refusal.value.code == "PACK_FAILED"
    assert refusal.value.message.endswith("'the reason\\x1b[31m in words'")


@pytest.mark.node
@pytest.mark.needs("strace")
def test_a109_neither_home_nor_project_settings_are_opened_and_nothing_connects(tmp_path: Path) -> None:
    project = hostile_project(tmp_path)
    log = tmp_path / "trace"
    script = (
        "import asyncio, pathlib, sys; from placet.adapters.npm.pack import NpmPacker;"
        "asyncio.run(NpmPacker(pathlib.Path(sys.argv[1])).pack(pathlib.Path(sys.argv[2])))"
    )
    subprocess.run(
        [*_STRACE, "-o", log, sys.executable, "-c", script, npm(), project],
        check=True,
        env={"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "NPM_TOKEN": CANARY},
    )
    calls = log.read_text().splitlines()
    assert any(f"{project}/package.json" in call for call in calls)
    assert [call for call in calls if f"{tmp_path}/home" in call or f"{project}/.npmrc" in call] == []
    assert [call for call in calls if "connect(" in call and "AF_UNIX" not in call] == []
    assert [call for call in calls if "execve(" in call and call.endswith("= 0") and "/sh" in call.split(",")[0]] == []


LINKS = {
    "bundled_dependency": "node_modules/dep",
    "folder_of_a_bundled_scope": "node_modules/@acme",
}


@pytest.mark.node
@pytest.mark.parametrize("place", LINKS.values(), ids=LINKS.keys())
def test_a109_a_bundled_link_that_leaves_the_folder_is_refused(tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside" / "dep"
    outside.mkdir(parents=True)
    (outside / "id_secret").write_text(CANARY)
    project = tmp_path / "project"
    (project / "node_modules").mkdir(parents=True)
    (project / place).symlink_to(outside if place.endswith("dep") else outside.parent)
    name = place.removeprefix("node_modules/") + ("" if place.endswith("dep") else "/dep")
    manifest = {"name": "tool", "version": "1.0.0", "dependencies": {name: "*"}, "bundleDependencies": [name]}
    (project / "package.json").write_text(json.dumps(manifest))
    with pytest.raises(InvalidInputError, match="through a link that leaves the folder") as refusal:
        pack(project)
    assert refusal.value.code == "ARTIFACT_UNSAFE"


@pytest.mark.node
def test_a109_links_inside_the_folder_are_left_out_or_harmless(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "lib").mkdir(parents=True)
    (project / "lib" / "a.js").write_text("1")
    (tmp_path / "secret").write_text(CANARY)
    (project / "lib" / "link").symlink_to(tmp_path / "secret")
    (project / "linked").symlink_to(tmp_path)
    files = {"files": ["lib", "linked", "../secret", "linked/secret"]}
    (project / "package.json").write_text(json.dumps({"name": "tool", "version": "1.0.0", **files}))
    assert [each.path for each in read_archive(pack(project)).files] == ["lib/a.js", "package.json"]
