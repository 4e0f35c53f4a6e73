"""Reads from the user's own npm configuration which registry they publish to.

npm runs in an empty folder of its own, so that no project's `.npmrc` is read (attack A109), and
with nothing of the environment but PATH and HOME.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from placet.errors import ConfigurationError

_LIMIT_CHARACTERS = 2048


async def user_registry(npm: Path | None, user_home: str, *, timeout_seconds: float = 30) -> str:
    """Return the address that `npm config get registry` prints for the user.

    Raise `ConfigurationError`: `NPM_MISSING` without npm, `REGISTRY_UNKNOWN` where it names none.
    """
    if npm is None:
        raise ConfigurationError(
            "NPM_MISSING", "no npm was found whose configuration could be asked", hint="give the address with --url"
        )
    return await asyncio.to_thread(_ask, npm, user_home, timeout_seconds)


def _ask(npm: Path, user_home: str, timeout_seconds: float) -> str:
    with TemporaryDirectory(prefix="placet-npm-") as place:
        # npm takes the nearest folder with a package.json for its project and reads the .npmrc there.
        (Path(place) / "package.json").write_text("{}")
        try:
            done = subprocess.run(  # noqa: S603 - the configured npm and fixed arguments, no shell
                [str(npm), "config", "get", "registry", "--no-update-notifier", "--loglevel=error", "--logs-max=0"],
                cwd=place,
                env={"PATH": os.pathsep.join([str(npm.parent), os.defpath]), "HOME": user_home},
                capture_output=True,
                timeout=timeout_seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _unknown() from error
    text = done.stdout.decode("ascii", "replace").strip()
    if done.returncode != 0 or not text.startswith(("http://", "https://")) or len(text) > _LIMIT_CHARACTERS:
        raise _unknown()
    return text


def _unknown() -> ConfigurationError:
    return ConfigurationError(
        "REGISTRY_UNKNOWN", "npm does not tell which registry you use", hint="give the address with --url"
    )
