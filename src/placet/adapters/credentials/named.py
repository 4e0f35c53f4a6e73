"""Finds the credential that a provider's or issuer's record names, when it is needed, and nowhere keeps it."""

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
        """Return the provider's credential, None where its record names none; raise as `named`."""
        return self.named(provider.credential, f"of provider {provider.provider_id}")

    def named(self, credential: str, whose: str) -> Secret | None:
        """Return the secret that `credential` names, None where it is empty; `whose` is for people.

        Raise `ConfigurationError`: `CREDENTIAL_MISSING` where the variable is unset or empty or
        the file is not there, `CREDENTIAL_INVALID` where it is named in an unknown form or is not
        one word of printable ASCII. No message holds any of the secret.
        """
        if not credential:
            return None
        what = f"the credential {credential} {whose}"
        scheme, _, name = credential.partition(":")
        if scheme == "env" and _VARIABLE.fullmatch(name):
            text = self._environment.get(name, "")
        elif scheme == "file" and name.startswith("/"):
            text = _read(Path(name), what)
        else:
            _refuse("CREDENTIAL_INVALID", f"{what} is named in no form that is known here")
        text = text.strip("\r\n")
        if not text:
            _refuse("CREDENTIAL_MISSING", f"{what} is not set")
        if _SECRET.fullmatch(text) is None:
            _refuse("CREDENTIAL_INVALID", f"{what} is not one word of printable ASCII")
        return Secret(text)


def _read(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            "CREDENTIAL_MISSING",
            f"{what} cannot be read ({error.strerror})",
            hint="write the file that the record names, readable by this user alone",
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        _log.warning("the credential file %s can be read by other users; make it mode 0600", path)
    return content.decode("ascii", errors="replace")


def _refuse(code: str, sentence: str) -> NoReturn:
    raise ConfigurationError(
        code,
        sentence,
        hint="set the variable or write the file that the record names (placet provider list, placet issuer list); "
        "the form is env:NAME or file:PATH",
    )
