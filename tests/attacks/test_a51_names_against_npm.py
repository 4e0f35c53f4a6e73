"""A51 against npm itself: what we accept as a name or version, npm accepts and leaves as it is."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from placet.domain.values.npm import parse_package_name, parse_version
from placet.errors import InvalidInputError
from support.npm_extract import npm_folder

pytestmark = pytest.mark.node

ASK = """
const { join } = require('node:path')
const [folder, list] = process.argv.slice(1)
const names = require(join(folder, 'node_modules', 'validate-npm-package-name'))
const semver = require(join(folder, 'node_modules', 'semver'))
const { name, version } = JSON.parse(require('node:fs').readFileSync(list))
console.log(JSON.stringify({
  name: name.filter((each) => names(each).validForNewPackages),
  version: version.filter((each) => semver.valid(each) === each),
}))
"""
CORE_MODULES = ["fs", "http2", "sys", "punycode", "process", "string_decoder", "zlib", "wasi", "constants"]


def by_chance(alphabet: list[str], least: int, most: int, seed: int) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - the same texts every time
    return ["".join(chance.choices(alphabet, k=chance.randint(least, most))) for _ in range(20_000)]


NAMES = sorted({*by_chance(list("ab7-_.@/~A "), 1, 7, 1), *CORE_MODULES, "node_modules", "favicon.ico", "a" * 214})
PARTS = [*"0123", ".", ".", ".0", "-", "a", "rc.", "v", " ", "+", "9007199254740992"]
VERSIONS = sorted({*by_chance(PARTS, 3, 9, 2), *(f"1.0.2{tail}" for tail in by_chance(["-", *PARTS], 0, 5, 3))})
VERSIONS += ["1.0.0", "0.0.0-0", "1.0.0-rc.1", "1.0.0-" + "a" * 250, "1.0.0-" + "a" * 251, "1.0.0-01", "1.0.0-0a"]


@pytest.fixture(scope="module")
def accepted_by_npm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    wanted = tmp_path_factory.mktemp("npm") / "wanted.json"
    wanted.write_text(json.dumps({"name": NAMES, "version": VERSIONS}))
    answer = subprocess.run(
        ["node", "-e", ASK, npm_folder(), wanted], check=True, capture_output=True, text=True
    ).stdout
    return {kind: set(texts) for kind, texts in json.loads(answer).items()}


def accepted_by_us(parse: Callable[[str], str], texts: list[str]) -> set[str]:
    return set(chain.from_iterable(_one(parse, text) for text in texts))


def _one(parse: Callable[[str], str], text: str) -> list[str]:
    try:
        return [parse(text)]
    except InvalidInputError:
        return []


def test_a51_every_name_that_we_accept_npm_accepts_for_a_new_package(accepted_by_npm: dict[str, set[str]]) -> None:
    ours = accepted_by_us(parse_package_name, NAMES)
    assert ours - accepted_by_npm["name"] == set()
    assert len(ours) > 300


def test_a51_what_only_npm_accepts_begins_a_segment_with_a_mark(accepted_by_npm: dict[str, set[str]]) -> None:
    only_npm = accepted_by_npm["name"] - accepted_by_us(parse_package_name, NAMES)
    assert [name for name in only_npm if "~" not in name and not begins_with_a_mark(name)] == []


def begins_with_a_mark(name: str) -> bool:
    return any(segment[:1] in {"-", "_", "."} for segment in name.removeprefix("@").split("/"))


def test_a51_we_accept_exactly_the_versions_that_npm_leaves_as_they_are(accepted_by_npm: dict[str, set[str]]) -> None:
    ours = accepted_by_us(parse_version, VERSIONS)
    assert ours == accepted_by_npm["version"]
    assert len(ours) > 100


def test_a51_npm_is_asked_about_what_the_tests_think(accepted_by_npm: dict[str, set[str]]) -> None:
    assert {"a", "a" * 214} <= accepted_by_npm["name"]
    assert accepted_by_npm["name"].isdisjoint(CORE_MODULES)
    assert Path(npm_folder()).is_dir()
