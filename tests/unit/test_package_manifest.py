from __future__ import annotations

from typing import Any

import pytest

from placet.domain.encoding.archive import ArchiveReading, read_archive
from placet.domain.package.manifest import derive_manifest, install_effects
from support.archives import manifest, member, package_json, tgz


def package(*files: str, name: str = "tool", **members: Any) -> ArchiveReading:
    archive = tgz(package_json(manifest(name, **members)), *(member(f"package/{path}") for path in files))
    return read_archive(archive)


def test_a_plain_package_does_nothing_when_installed() -> None:
    effects = install_effects(package("index.js"))
    assert (effects.scripts, effects.has_shrinkwrap, effects.bundled, effects.bins) == ((), False, (), ())


def test_install_scripts_are_shown_in_the_order_in_which_npm_runs_them() -> None:
    scripts = {"test": "t", "postinstall": "c", "install": "b", "preinstall": "a", "prepare": "p"}
    effects = install_effects(package(scripts=scripts))
    assert effects.scripts == (("preinstall", "a"), ("install", "b"), ("postinstall", "c"))


@pytest.mark.parametrize("scripts", [None, [], "x", {"install": 1}, {"install": ""}, {"install": None}])
def test_scripts_that_npm_cannot_run_are_none(scripts: object) -> None:
    assert install_effects(package(scripts=scripts)).scripts == ()


@pytest.mark.parametrize("file", ["binding.gyp", "other.gyp"])
def test_a_gyp_file_implies_a_build(file: str) -> None:
    reading = package(file, scripts={"postinstall": "c"})
    assert install_effects(reading).scripts == (("install", "node-gyp rebuild"), ("postinstall", "c"))
    derived = derive_manifest(reading)
    assert derived["scripts"] == {"install": "node-gyp rebuild", "postinstall": "c"}
    assert (derived["gypfile"], derived["hasInstallScript"]) == (True, True)


@pytest.mark.parametrize(
    ("files", "members"),
    [
        (["binding.gyp"], {"gypfile": False}),
        (["lib/binding.gyp"], {}),
        ([".gyp"], {}),
        (["binding.gypx"], {}),
    ],
)
def test_no_build_is_implied(files: list[str], members: dict[str, Any]) -> None:
    derived = derive_manifest(package(*files, **members))
    assert (derived["hasInstallScript"], "scripts" in derived) == (False, False)


@pytest.mark.parametrize("event", ["install", "preinstall"])
def test_a_script_of_its_own_replaces_the_implied_build(event: str) -> None:
    reading = package("binding.gyp", scripts={event: "x"})
    assert install_effects(reading).scripts == ((event, "x"),)
    assert "gypfile" not in derive_manifest(reading)


def test_a_shrinkwrap_in_the_package_folder_is_shown() -> None:
    assert derive_manifest(package("npm-shrinkwrap.json"))["_hasShrinkwrap"] is True
    assert derive_manifest(package("lib/npm-shrinkwrap.json"))["_hasShrinkwrap"] is False


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"bundleDependencies": ["b", "a"]}, ("a", "b")),
        ({"bundledDependencies": ["a", 1]}, ("a",)),
        ({"bundleDependencies": True, "dependencies": {"a": "1", "b": "2"}}, ("a", "b")),
        ({"bundleDependencies": True}, ()),
        ({"bundleDependencies": False, "dependencies": {"a": "1"}}, ()),
    ],
)
def test_declared_bundles_are_shown(members: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert install_effects(package(**members)).bundled == expected


def test_what_is_bundled_without_a_word_is_shown_too() -> None:
    reading = package("node_modules/a/x.js", "node_modules/a/y.js", "node_modules/@acme/b/x.js", "node_modules/loose")
    assert install_effects(reading).bundled == ("@acme/b", "a", "loose")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("./x.js", (("tool", "./x.js"),)),
        ({"x": "a.js", "y": "b.js"}, (("x", "a.js"), ("y", "b.js"))),
        ({"x": 1}, ()),
        (None, ()),
    ],
)
def test_commands_are_shown(value: object, expected: tuple[tuple[str, str], ...]) -> None:
    assert install_effects(package(name="@acme/tool", bin=value)).bins == expected


def test_the_derived_manifest_is_the_packages_own_words_and_what_they_imply() -> None:
    reading = package(license="MIT", hasInstallScript=True, _id="other@9.9.9", _hasShrinkwrap=True)
    assert derive_manifest(reading) == {
        "name": "tool",
        "version": "1.0.0",
        "license": "MIT",
        "_id": "tool@1.0.0",
        "_hasShrinkwrap": False,
        "hasInstallScript": False,
    }
