"""A109: a plan file, which others may have written, does not choose what of this machine is sent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from placet import config
from placet.domain.encoding.canonical import Object
from placet.errors import InvalidInputError
from placet.facade import Placet

OPERATION = """
[[operation]]
kind = "put_object"
provider = "files"
name = "@acme/tool"
version = "1.0.0"
params = {{ key = "packages/@acme/tool/1.0.0.txt" }}
artifacts = [{{ file = {file!r} }}]
"""
PACKAGE = """
[package]
path = {file!r}
[[operation]]
kind = "publish_package"
provider = "files"
"""
OUTSIDE = ["../secret", "/etc/passwd", "link", "sub/../../secret", "folder-link/secret"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a project's folder, with a secret beside it and links that lead there."""
    (tmp_path / "secret").write_text("canary")
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(tmp_path / "secret")
    (project / "folder-link").symlink_to(tmp_path)
    (project / "objects").mkdir()
    (project / "circle").symlink_to(project / "circle")
    os.mkfifo(project / "pipe")
    asyncio.run(_inside(project, _add_folder))
    return project


async def _add_folder(placet: Placet, project: Path) -> Object:
    return await placet.governance.add_provider("files", kind="folder", url=f"file:{project}/objects")


async def _create(placet: Placet, project: Path) -> Object:
    return await placet.planning.create(project / "plan.toml")


async def _runs(placet: Placet, project: Path) -> Object:
    del project
    return await placet.publishing.runs()


async def _inside(project: Path, verb: Callable[[Placet, Path], Awaitable[Object]]) -> Object:
    home = project.parent / "home"
    settings = config.load({"HOME": str(project.parent), "PLACET_HOME": str(home)})
    if not home.exists():
        await Placet.init(settings, profile="trial", name="acme")
    async with Placet.open(settings) as placet:
        return await verb(placet, project)


@pytest.mark.parametrize("form", [OPERATION, PACKAGE], ids=["artifact", "package"])
@pytest.mark.parametrize("file", OUTSIDE)
def test_what_lies_outside_the_plan_file_s_folder_is_not_read(here: Path, form: str, file: str) -> None:
    (here / "plan.toml").write_text(form.format(file=file))
    before = asyncio.run(_inside(here, _runs))

    with pytest.raises(InvalidInputError, match="lies outside the plan file's folder") as refused:
        asyncio.run(_inside(here, _create))

    assert refused.value.code == "PLAN_FILE_INVALID"
    assert "canary" not in str(refused.value)
    assert asyncio.run(_inside(here, _runs)) == before
    assert list((here / "objects").iterdir()) == []


@pytest.mark.parametrize("file", ["missing", "objects", "pipe", "circle"])
def test_what_cannot_be_read_is_refused_by_its_name(here: Path, file: str) -> None:
    (here / "plan.toml").write_text(OPERATION.format(file=file))

    with pytest.raises(InvalidInputError, match=f"PLAN_FILE_INVALID: '{file}' cannot be read"):
        asyncio.run(_inside(here, _create))


def test_what_lies_below_it_is_planned_by_its_digest(here: Path) -> None:
    (here / "docs").mkdir()
    (here / "docs" / "notes.txt").write_text("what is new\n")
    (here / "plan.toml").write_text(OPERATION.format(file="docs/notes.txt"))

    made = asyncio.run(_inside(here, _create))

    assert made["missing"] == []
    assert list((here / "objects").iterdir()) == []
