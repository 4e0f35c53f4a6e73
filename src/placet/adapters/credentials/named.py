"""Finds the credential that a provider's record names, when it is needed, and nowhere keeps it."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from placet.errors import ConfigurationError
from placet.ports.effects import Provider, Secret

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SECRET = re.compile(r"[!-~]{1,8192}")
_LIMIT_BYTES = 8194
_log = logging.getLogger(__name__)


class NamedCredentials:
    """Reads `env:NAME` from the mapping it was given and `file:PATH` from the disk."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the environment as the configuration read it."""
        self._environment = environment

    def of(self, provider: Provider) -> Secret | None:
        """Return the provider's credential, None where its record names none.

        Raise `ConfigurationError`: `CREDENTIAL_MISSING` where the variable is unset or empty or
        the file is not there, `CREDENTIAL_INVALID` where the record names it in an unknown form
        or it is not one word of printable ASCII. No message holds any of the secret.
        """
        if not provider.credential:
            return None
        scheme, _, name = provider.credential.partition(":")
        if scheme == "env" and _VARIABLE.fullmatch(name):
            text = self._environment.get(name, "")
        elif scheme == "file" and name.startswith("/"):
            text = _read(Path(name), provider)
        else:
            _refuse("CREDENTIAL_INVALID", provider, "is named in no form that is known here")
        text = text.strip("\r\n")
        if not text:
            _refuse("CREDENTIAL_MISSING", provider, "is not set")
        if _SECRET.fullmatch(text) is None:
            _refuse("CREDENTIAL_INVALID", provider, "is not one word of printable ASCII")
        return Secret(text)


def _read(path: Path, provider: Provider) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise _missing(provider, f"cannot be read ({error.strerror})") from error
    if stat.S_IMODE(mode) & 0o077:
        _log.warning("the credential file %s can be read by other users; make it mode 0600", path)
    return content.decode("ascii", errors="replace")


def _refuse(code: str, provider: Provider, reason: str) -> NoReturn:
    raise ConfigurationError(
        code,
        f"the credential {provider.credential} of provider {provider.provider_id} {reason}",
        hint="set the variable or write the file that `placet provider list` names; the form is env:NAME or file:PATH",
    )


def _missing(provider: Provider, reason: str) -> ConfigurationError:
    return ConfigurationError(
        "CREDENTIAL_MISSING",
        f"the credential {provider.credential} of provider {provider.provider_id} {reason}",
        hint="write the file that `placet provider list` names, readable by this user alone",
    )
