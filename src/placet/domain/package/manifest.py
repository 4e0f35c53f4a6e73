"""What a package.json means to npm beyond its words, read from the archive itself (contract 7).

The manifest that is published and served is derived here; a client's own is never believed.
"""

from __future__ import annotations

import re

from msgspec import Struct

from placet.domain.encoding.archive import ArchiveReading
from placet.domain.encoding.foreign_json import Json, JsonObject

_INSTALL_EVENTS = ("preinstall", "install", "postinstall")
_NATIVE_BUILD = "node-gyp rebuild"
_GYP_FILE = re.compile(r"[^./][^/]*\.gyp")  # in the package's own folder, where npm looks
_SHRINKWRAP = "npm-shrinkwrap.json"
_BUNDLE_MEMBERS = ("bundleDependencies", "bundledDependencies")


class InstallEffects(Struct, frozen=True, kw_only=True):
    """What installing the package does beyond placing its files.

    `scripts` are (event, command) pairs that npm runs, the build that a `.gyp` file implies
    included; `bundled` the packages that the archive brings along; `bins` (command, path) pairs.
    """

    scripts: tuple[tuple[str, str], ...]
    has_shrinkwrap: bool
    bundled: tuple[str, ...]
    bins: tuple[tuple[str, str], ...]


def install_effects(reading: ArchiveReading) -> InstallEffects:
    """Return what npm does when it installs the archive."""
    paths = {each.path for each in reading.files}
    return InstallEffects(
        scripts=_install_scripts(reading, paths),
        has_shrinkwrap=_SHRINKWRAP in paths,
        bundled=_bundled(reading, paths),
        bins=_bins(reading),
    )


def derive_manifest(reading: ArchiveReading) -> JsonObject:
    """Return the version's manifest for a registry: the archive's package.json and what it implies.

    Adds `_id`, `gypfile` and the implied `install` script, `hasInstallScript`,
    `_hasShrinkwrap`, as npm itself does; `dist` is added by whoever knows the registry.
    """
    effects = install_effects(reading)
    manifest: JsonObject = {**reading.manifest, "_id": f"{reading.name}@{reading.version}"}
    manifest["_hasShrinkwrap"] = effects.has_shrinkwrap
    manifest["hasInstallScript"] = bool(effects.scripts)
    if ("install", _NATIVE_BUILD) in effects.scripts:
        manifest["scripts"] = {**_object(manifest.get("scripts")), "install": _NATIVE_BUILD}
        manifest["gypfile"] = True
    return manifest


def _install_scripts(reading: ArchiveReading, paths: set[str]) -> tuple[tuple[str, str], ...]:
    scripts = _object(reading.manifest.get("scripts"))
    found = tuple((event, command) for event in _INSTALL_EVENTS if (command := _text(scripts.get(event))))
    builds = reading.manifest.get("gypfile") is not False and any(map(_GYP_FILE.fullmatch, paths))
    if builds and not any(event in ("preinstall", "install") for event, _ in found):
        found = (("install", _NATIVE_BUILD), *found)
    return found


def _bundled(reading: ArchiveReading, paths: set[str]) -> tuple[str, ...]:
    declared: set[str] = set()
    for member in _BUNDLE_MEMBERS:
        value = reading.manifest.get(member)
        if value is True:
            declared.update(_object(reading.manifest.get("dependencies")))
        elif isinstance(value, list):
            declared.update(each for each in value if isinstance(each, str))
    return tuple(sorted(declared | {_bundled_name(path) for path in paths if path.startswith("node_modules/")}))


def _bundled_name(path: str) -> str:
    segments = path.split("/")
    return "/".join(segments[1:3]) if segments[1].startswith("@") else segments[1]


def _bins(reading: ArchiveReading) -> tuple[tuple[str, str], ...]:
    value = reading.manifest.get("bin")
    if isinstance(value, str):
        return ((reading.name.rpartition("/")[2], value),)
    return tuple((command, path) for command, path in _object(value).items() if isinstance(path, str))


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
