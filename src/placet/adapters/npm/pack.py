"""Packs a folder with the user's own npm, shut off from the project's and the user's settings (attack A109).

npm runs in an empty folder of its own, so that it reads no `.npmrc` of the project; with an
empty HOME and environment, so that no token is within reach; with scripts off and offline.
`publishConfig` is not read when packing. One way in is left by npm: a bundled dependency may be
a link to anywhere, and its files are packed. So every packed file must really lie in the folder.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from tempfile import TemporaryDirectory

from placet.domain.encoding.archive_limits import DEFAULT_LIMITS, ArchiveLimits, shown, too_large, unsafe
from placet.domain.encoding.archive_scan import scan_archive
from placet.errors import ConfigurationError, InvalidInputError

_OPTIONS = (
    "--ignore-scripts",
    "--offline",
    "--no-dry-run",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--logs-max=0",
    "--loglevel=error",
)
_NPM_MARK = re.compile(r"^npm (?:error|ERR!)(?: (?:code|syscall|errno|path|dest)\b.*)?")


class NpmPacker:
    """Packs folders by `npm pack`; implements `placet.ports.packer.Packer`."""

    def __init__(
        self, npm: Path | None, *, timeout_seconds: float = 120, limits: ArchiveLimits = DEFAULT_LIMITS
    ) -> None:
        """Use the program `npm` (None: only tarballs can be read), for at most `timeout_seconds` each."""
        self._npm = None if npm is None else npm.absolute()  # it starts in another folder
        self._timeout_seconds = timeout_seconds
        self._limits = limits

    async def pack(self, path: Path) -> bytes:
        """Return the .tgz at `path`, or the folder at `path` packed; raise as the port says."""
        return await asyncio.to_thread(self._pack, path)

    def _pack(self, path: Path) -> bytes:
        if path.is_file():
            return self._read(path)
        if not path.is_dir():
            raise InvalidInputError("PATH_INVALID", f"{_named(path)} is no folder and no tarball")
        if not (path / "package.json").is_file():
            raise InvalidInputError(
                "PACK_FAILED",
                f"the folder {_named(path)} has no package.json",
                hint="give the folder that has it; npm init makes one",
            )
        folder = path.resolve()
        with TemporaryDirectory(prefix="placet-pack-") as place:
            tgz = self._packed(folder, Path(place))
        self._check_inside(tgz, folder)
        return tgz

    def _packed(self, folder: Path, place: Path) -> bytes:
        out = place / "out"
        for each in (out, place / "home", place / "work"):
            each.mkdir()
        # npm takes the nearest folder with a package.json for its project and reads the .npmrc there.
        (place / "work" / "package.json").write_text("{}")
        process = self._start(folder, place, out)
        said = self._finish(process, folder)
        made = list(out.glob("*.tgz"))
        if process.returncode != 0 or len(made) != 1:
            raise InvalidInputError(
                "PACK_FAILED",
                f"npm could not pack {_named(folder)}: {_reason(said)}",
                hint="`npm pack --ignore-scripts` in that folder shows more; build the package before publishing it",
            )
        return self._read(made[0])

    def _start(self, folder: Path, place: Path, out: Path) -> Popen[bytes]:
        if self._npm is None:
            raise _npm_missing()
        command = [
            str(self._npm),
            "pack",
            str(folder),
            f"--pack-destination={out}",
            f"--cache={place / 'cache'}",
            f"--userconfig={place / 'no-user-settings'}",
            f"--globalconfig={place / 'no-global-settings'}",
            *_OPTIONS,
        ]
        try:
            return Popen(  # noqa: S603 - the configured npm and an absolute path, no shell
                command,
                cwd=place / "work",
                env=self._environment(self._npm, place),
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise _npm_missing() from error

    def _environment(self, npm: Path, place: Path) -> dict[str, str]:
        # npm's start script looks for node beside itself or where the system keeps programs.
        return {
            "PATH": os.pathsep.join([str(npm.parent), os.defpath]),
            "HOME": str(place / "home"),
            "TMPDIR": str(place),
            "LANG": "C.UTF-8",
        }

    def _finish(self, process: Popen[bytes], folder: Path) -> bytes:
        try:
            return process.communicate(timeout=self._timeout_seconds)[1]
        except TimeoutExpired as error:
            raise InvalidInputError(
                "PACK_FAILED",
                f"npm did not pack {_named(folder)} within {self._timeout_seconds:g} seconds",
                hint="pack it yourself with npm pack --ignore-scripts, and give the tarball",
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def _read(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                tgz = file.read(self._limits.packed + 1)
        except OSError as error:
            raise InvalidInputError("PATH_INVALID", f"{_named(path)} cannot be read: {error.strerror}") from error
        if len(tgz) > self._limits.packed:
            raise too_large(f"more than {self._limits.packed} bytes packed")
        return tgz

    def _check_inside(self, tgz: bytes, folder: Path) -> None:
        for each in scan_archive(tgz, limits=self._limits).files:
            if not (folder / each.path).resolve().is_relative_to(folder):
                raise unsafe(f"npm packed {shown(each.path)} through a link that leaves the folder")


def _named(path: Path) -> str:
    return ascii(str(path))


def _reason(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").splitlines()
    texts = [_NPM_MARK.sub("", line).strip() for line in lines]
    return ascii(next((text for text in texts if text), "it said nothing")[:300])


def _npm_missing() -> ConfigurationError:
    return ConfigurationError(
        "NPM_MISSING",
        "no npm was found to pack the folder with",
        hint="install Node.js, or pack the folder elsewhere and give the tarball",
    )
