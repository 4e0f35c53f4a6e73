"""Giving out a private key that was made here: it is shown once, so it must not be lost on the way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from os import devnull

from placet.cli.files import write_new_file
from placet.cli.installation import settings, show
from placet.cli.output import Document, OutputClosedError
from placet.errors import ConfigurationError, UnavailableError


def check_output() -> None:
    """Return only if standard output leads somewhere; raise `ConfigurationError` (`OUTPUT_FAILED`)."""
    if sys.stdout.name == devnull:  # what `run` puts in the place of a stream that the caller closed
        raise ConfigurationError(
            "OUTPUT_FAILED",
            "standard output is closed, and the private key would go there: nothing was issued",
            hint="give --key-out FILE, or --csr FILE to bring a key of your own",
        )


def give_out(issued: Document, lines: Callable[[Document], Iterable[str]]) -> None:
    """Print a certificate that was issued; where its private key cannot be printed, keep that in the home.

    Raise `UnavailableError` (`OUTPUT_FAILED`), which says where the key is, and whatever `show` raises
    where there is no key to lose.
    """
    try:
        show(issued, lines)
    except (OutputClosedError, UnavailableError) as error:
        if not issued["private_key"]:
            raise
        raise _kept(issued["cert_id"], issued["private_key"]) from error


def _kept(certificate_id: str, private_key: str) -> UnavailableError:
    path = settings().home.resolve() / f"{certificate_id}.key"
    try:
        write_new_file(path, private_key.encode(), mode=0o600)
    except ConfigurationError:
        return UnavailableError(
            "OUTPUT_FAILED",
            f"{certificate_id} is issued, and its private key is lost: neither standard output nor the home took it",
            hint=f"placet certificate revoke {certificate_id} --reason superseded, then issue another with --key-out",
        )
    return UnavailableError(
        "OUTPUT_FAILED",
        f"{certificate_id} is issued, but standard output did not take its private key: it is in {str(path)!a}",
        hint="move the key to where it belongs: nothing else keeps it",
    )
