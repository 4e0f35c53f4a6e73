"""Secrets that records name: an environment variable or a file, never the secret itself."""

from __future__ import annotations

from pathlib import Path

from placet.errors import InvalidInputError


def check_named_secret(credential: str, home: Path, *, code: str) -> None:
    """Refuse with `code` a secret that is given instead of named, or named among Placet's own."""
    scheme, _, name = credential.partition(":")
    if credential and scheme != "env" and not credential.startswith("file:/"):
        raise InvalidInputError(
            code,
            "a credential is named, never given",
            hint="env:NAME of a variable, or file:/PATH of a file that holds it",
        )
    own = scheme == "env" and name.upper().startswith("PLACET_")
    if own or (scheme == "file" and Path(name).resolve().is_relative_to(home.resolve())):
        raise InvalidInputError(
            code,
            "Placet's own variables and files are nobody else's secret: they would be sent there",
            hint="env:NAME of another variable, or file:/PATH of a file outside the home",
        )
