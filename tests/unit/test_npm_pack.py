from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from placet.adapters.npm.pack import NpmPacker
from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.archive_limits import ArchiveLimits
from placet.errors import ConfigurationError, InvalidInputError


def project(folder: Path, **members: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": "tool", "version": "1.0.0", **members}))
    return folder


def pack(path: Path, packer: NpmPacker | None = None) -> bytes:
    if packer is None:
        found = shutil.which("npm")
        assert found is not None
        packer = NpmPacker(Path(found))
    return asyncio.run(packer.pack(path))


def refusal_code(path: Path, packer: NpmPacker) -> str:
    with pytest.raises((InvalidInputError, ConfigurationError)) as refusal:
        pack(path, packer)
    return refusal.value.code


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_tarball_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.tgz").write_bytes(b"anything at all")
    assert pack(tmp_path / "x.tgz", NpmPacker(None)) == b"anything at all"


def test_a_tarball_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tgz").write_bytes(b"12345")
    assert refusal_code(tmp_path / "x.tgz", NpmPacker(None, limits=ArchiveLimits(packed=4))) == "ARTIFACT_TOO_LARGE"
    assert pack(tmp_path / "x.tgz", NpmPacker(None, limits=ArchiveLimits(packed=5))) == b"12345"


def test_a_file_that_cannot_be_read_is_refused() -> None:
    assert refusal_code(Path("/proc/self/mem"), NpmPacker(None)) == "PATH_INVALID"


def test_a_path_where_nothing_stands_is_refused(tmp_path: Path) -> None:
    assert refusal_code(tmp_path / "nothing\x1b", NpmPacker(None)) == "PATH_INVALID"


def test_what_is_neither_file_nor_folder_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal_code(tmp_path / "pipe", NpmPacker(None)) == "PATH_INVALID"


def test_a_folder_without_package_json_is_refused(tmp_path: Path) -> None:
    assert refusal_code(tmp_path, NpmPacker(None)) == "PACK_FAILED"


@pytest.mark.parametrize("npm", [None, Path("/nonexistent/npm")])
def test_a_folder_needs_an_npm(tmp_path: Path, npm: Path | None) -> None:
    assert refusal_code(project(tmp_path / "p"), NpmPacker(npm)) == "NPM_MISSING"


def test_an_npm_that_makes_no_tarball_has_failed(tmp_path: Path) -> None:
    silent = NpmPacker(program(tmp_path / "npm", "exit 0"))
    with pytest.raises(InvalidInputError, match=r"PACK_FAILED.*it said nothing"):
        pack(project(tmp_path / "p"), silent)


def test_an_npm_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    own = tmp_path / "pids"
    sleepy = program(tmp_path / "npm", f"sleep 300 & echo $$ $! > {own}; wait")
    assert refusal_code(project(tmp_path / "p"), NpmPacker(sleepy, timeout_seconds=1)) == "PACK_FAILED"
    deadline = time.monotonic() + 10
    while any(map(is_running, map(int, own.read_text().split()))) and time.monotonic() < deadline:
        os.sched_yield()
    assert not any(map(is_running, map(int, own.read_text().split())))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.node
@pytest.mark.parametrize("name", ["plain", "with space", "per%41cent#hash", "@scope", "ünï", "dash-", "a'quote\"s"])
def test_a_folder_of_any_name_is_packed(tmp_path: Path, name: str) -> None:
    assert read_archive(pack(project(tmp_path / name))).name == "tool"


@pytest.mark.node
def test_packing_the_same_folder_again_gives_the_same_tar_stream(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    (folder / "index.js").write_text("1")
    assert read_archive(pack(folder)).tarball_hash == read_archive(pack(folder)).tarball_hash


@pytest.mark.node
def test_npms_own_words_are_in_the_refusal(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "tool"}')
    with pytest.raises(InvalidInputError, match=r"PACK_FAILED.*Invalid package, must have name and version"):
        pack(folder)


@pytest.mark.node
def test_a_link_to_a_folder_is_packed_like_the_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(project(tmp_path / "p"))
    assert read_archive(pack(tmp_path / "link")).name == "tool"
