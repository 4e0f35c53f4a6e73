"""What a package.json says of its own publication changes nothing: a difference is refused before planning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from placet.demo.npm_double import NpmDouble
from support.shell import Shell

pytestmark = pytest.mark.thorough


def package(shell: Shell, **members: Any) -> str:
    folder = shell.package("5.0.0", folder="says-otherwise")
    plain = {"name": "@acme/tool", "version": "5.0.0", "main": "index.js"}
    (folder / "package.json").write_text(json.dumps({**plain, **members}))
    return folder.name


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("members", "code", "hint"),
    [
        ({"private": True}, "PACKAGE_PRIVATE", "take it out"),
        ({"publishConfig": {"tag": "next"}}, "PUBLISH_CONFIG_DIFFERS", "--tag next"),
        ({"publishConfig": {"access": "public"}}, "PUBLISH_CONFIG_DIFFERS", "--access public"),
        ({"publishConfig": {"registry": "https://npm.example.com/"}}, "PUBLISH_CONFIG_DIFFERS", "--to"),
        ({"publishConfig": {"@acme:registry": "https://npm.example.com"}}, "PUBLISH_CONFIG_DIFFERS", "--to"),
    ],
)
def test_a_manifest_that_says_otherwise_is_refused_before_anything_is_recorded(
    trial: Shell, members: dict[str, Any], code: str, hint: str, more: tuple[str, ...]
) -> None:
    folder = package(trial, **members)
    before = trial.size()

    ran = trial.placet("publish", folder, "--json", *more)

    assert (ran.code, ran.error()["code"], ran.out) == (1, code, "")
    assert hint in ran.error()["hint"]
    assert trial.size() == before


def test_a_manifest_that_says_the_same_is_in_nobodys_way(trial: Shell, registry: NpmDouble) -> None:
    same = {"registry": f"{registry.url}/", "tag": "next", "access": "public"}
    folder = package(trial, private=False, publishConfig=same)

    trial.done("publish", folder, "--dry-run", "--tag", "next", "--access", "public")
