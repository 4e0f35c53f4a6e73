"""Settings: the environment and the command line's choices become one frozen object, here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from placet.config.service import ServiceSettings, service_settings
from placet.domain.values.unshown import Unshown
from placet.errors import ConfigurationError
from placet.ports.effects import Secret

_CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
_SECRET_LIMIT_BYTES = 4096
DEFAULT_BASE_URL = "http://localhost:8480"
"""Where clients reach the service if nobody says otherwise: `placet serve` without options listens there."""


class Config(Unshown, frozen=True, kw_only=True):
    """Everything that a person may set, read once.

    | variable | meaning | default |
    |---|---|---|
    | `PLACET_HOME` | the installation's folder | `~/.placet` |
    | `PLACET_ANCHOR` | folder of the anchors, outside the home | `$XDG_STATE_HOME/placet/anchors` |
    | `PLACET_SEEN` | folder of the newest revocations seen of each log | `$XDG_STATE_HOME/placet/seen` |
    | `PLACET_PASSPHRASE`, `PLACET_PASSPHRASE_FILE` | what unlocks the home's keys | none |
    | `PLACET_BOOTSTRAP_KEY`, `PLACET_BOOTSTRAP_KEY_FILE` | the key that `init` printed | none |
    | `PLACET_SERVER` | the service to ask, instead of an installation on this machine | none |
    | `PLACET_API_KEY`, `PLACET_API_KEY_FILE` | the key to ask it with | none |
    | `PLACET_PRINCIPAL` | who asks | `person:local` in the trial profile |
    | `PLACET_DEADLINE_SECONDS` | how long one effect may take | 60 |
    | `PLACET_SETTLE_SECONDS` | after its deadline, how long an absent effect may still appear | by provider kind |
    | `PLACET_PUBLIC_BASE_URL` | where addresses that are given out point | `http://localhost:8480` |
    | `PLACET_ID_BASE_URL` | those of certificates, revocation lists and ChittyIDs | `PLACET_PUBLIC_BASE_URL` |
    | `PLACET_API_BASE_URL` | those of events and runs | `PLACET_PUBLIC_BASE_URL` |
    | `PLACET_REGISTRY_BASE_URL` | those of registrations | `PLACET_PUBLIC_BASE_URL` |
    | `PLACET_SESSION_SECONDS` | how long somebody who signed in stays so | 28800 (8 hours) |

    `PLACET_DEBUG` shows where a bug is (`is_debugging`); it changes nothing else. `ServiceSettings` has
    those of `placet serve`.
    """

    home: Path
    anchors: Path
    seen: Path
    passphrase: Secret | None
    bootstrap_key: Secret | None
    principal: str
    deadline: timedelta
    settle: timedelta | None
    session: timedelta
    id_base_url: str
    api_base_url: str
    registry_base_url: str
    in_ci: bool
    service: ServiceSettings
    server: str
    api_key: Secret | None
    environment: Mapping[str, str]


def load(
    environment: Mapping[str, str] | None = None, *, home: Path | None = None, server: str | None = None
) -> Config:
    """Return the settings of `environment` (this process's, where None), what the command line says over them.

    Raise `ConfigurationError` (`SETTING_INVALID`, `SECRET_FILE_UNREADABLE`). Nothing is created.
    """
    found = dict(os.environ) if environment is None else dict(environment)  # noqa: TID251 - the one reader
    user = Path(found.get("HOME") or "/nonexistent")
    state = Path(found.get("XDG_STATE_HOME") or user / ".local" / "state")
    return Config(
        home=(home or Path(found.get("PLACET_HOME") or user / ".placet")).absolute(),
        anchors=Path(found.get("PLACET_ANCHOR") or state / "placet" / "anchors").absolute(),
        seen=Path(found.get("PLACET_SEEN") or state / "placet" / "seen").absolute(),
        passphrase=_secret(found, "PLACET_PASSPHRASE"),
        bootstrap_key=_secret(found, "PLACET_BOOTSTRAP_KEY"),
        principal=found.get("PLACET_PRINCIPAL", ""),
        deadline=_seconds(found, "PLACET_DEADLINE_SECONDS") or timedelta(seconds=60),
        settle=_seconds(found, "PLACET_SETTLE_SECONDS"),
        session=_seconds(found, "PLACET_SESSION_SECONDS") or timedelta(hours=8),
        id_base_url=_base_url(found, "PLACET_ID_BASE_URL"),
        api_base_url=_base_url(found, "PLACET_API_BASE_URL"),
        registry_base_url=_base_url(found, "PLACET_REGISTRY_BASE_URL"),
        in_ci=any(found.get(name, "") not in ("", "0", "false") for name in _CI),
        service=service_settings(found),
        server=found.get("PLACET_SERVER", "") if server is None else server,
        api_key=_secret(found, "PLACET_API_KEY"),
        environment=found,
    )


def is_debugging(environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a bug is to be shown with its traceback, even where the other settings are unusable."""
    found = os.environ if environment is None else environment  # noqa: TID251 - the one reader
    return found.get("PLACET_DEBUG", "") not in ("", "0")


def _base_url(environment: Mapping[str, str], name: str) -> str:
    """Return the beginning of the addresses of one service, by default of all of them."""
    own = environment.get(name) or environment.get("PLACET_PUBLIC_BASE_URL") or DEFAULT_BASE_URL
    return own.rstrip("/")


def _secret(environment: Mapping[str, str], name: str) -> Secret | None:
    """Return the secret of that name, or the first line of the file that `NAME_FILE` names."""
    if environment.get(name):
        return Secret(environment[name])
    path = environment.get(f"{name}_FILE")
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            content = file.read(_SECRET_LIMIT_BYTES)
        return Secret(content.decode().rstrip("\r\n"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigurationError(
            "SECRET_FILE_UNREADABLE",
            f"the file that {name}_FILE names cannot be read ({reason})",
        ) from error


def _seconds(environment: Mapping[str, str], name: str) -> timedelta | None:
    text = environment.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len("86400")) or int(text) > 86_400:  # noqa: PLR2004 - the seconds of a day
        raise ConfigurationError("SETTING_INVALID", f"{name} is {text[:20]!r}, not a number of seconds up to a day")
    return timedelta(seconds=int(text))
