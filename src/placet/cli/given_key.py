"""Giving out a private key that was made here: it is shown once, and where that fails, its loss is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from os import devnull

from placet.cli.installation import show
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
    """Print a certificate that was issued, with its private key where one was made: once, and kept nowhere.

    Raise `UnavailableError` (`OUTPUT_FAILED`) where the key is lost with the output, and whatever
    `show` raises where there is no key to lose.
    """
    try:
        show(issued, lines)
    except (OutputClosedError, UnavailableError) as error:
        if not issued["private_key"]:
            raise
        certificate_id = issued["cert_id"]
        raise UnavailableError(
            "OUTPUT_FAILED",
            f"{certificate_id} is issued, and its private key is lost: standard output did not take it",
            hint=f"placet certificate revoke {certificate_id} --reason superseded, then issue another with --key-out",
        ) from error
