"""What went wrong, as people and programs are told: code, sentence, hint, exit code."""

from __future__ import annotations

import hashlib
import json
import traceback

import click

from placet.cli.output import escaped, tell
from placet.errors import PlacetError

USAGE = 2
INTERNAL = 70
INTERRUPTED = 130
PIPE_CLOSED = 141

EXIT_CODES = (
    ("0", "done"),
    ("1", "something given, named or configured is not usable"),
    ("2", "the command line itself is wrong"),
    ("3", "an authorization check said no"),
    ("4", "nothing was refused; approvals are missing"),
    ("5", "evidence, a certificate or the ledger does not prove what it should"),
    ("6", "a provider refused, or what became of an effect is unknown or in conflict"),
    ("7", "state cannot be read or written now: sealed, locked, full, busy"),
    ("70", "a bug of Placet"),
    ("130", "interrupted"),
    ("141", "whoever read the output went away"),
)
"""What `placet --help` prints."""


def report_failure(error: PlacetError, *, as_json: bool) -> int:
    """Tell what failed, on standard error; return the exit code."""
    from placet.cli.hints import hint_for  # noqa: PLC0415 - what works needs no hint

    _tell(error.code, error.message, hint_for(error), as_json=as_json)
    return error.exit_code


def report_usage(error: click.ClickException, *, as_json: bool) -> int:
    """Tell what is wrong with the command line itself."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"{context.command_path} --help" if context else "placet --help"
    _tell("USAGE", error.format_message().rstrip(".").replace("\n", " "), hint, as_json=as_json)
    return USAGE


def report_bug(error: BaseException, *, as_json: bool, debugging: bool) -> int:
    """Tell that Placet has a bug: a reference that is the same for the same bug, no traceback unless debugging."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{type(error).__name__}", *(f"{frame.name}:{frame.lineno}" for frame in frames)]
    reference = hashlib.sha256("\n".join(places).encode()).hexdigest()[:8]
    if debugging:
        tell(*"".join(traceback.format_exception(error)).splitlines())
    _tell(
        "INTERNAL",
        f"this is a bug in Placet (reference {reference})",
        "please report it with what stands above"
        if debugging
        else "PLACET_DEBUG=1 shows where; please report it with the reference",
        as_json=as_json,
    )
    return INTERNAL


def _tell(code: str, message: str, hint: str, *, as_json: bool) -> None:
    if as_json:
        tell(json.dumps({"error": {"code": code, "message": escaped(message), "hint": escaped(hint)}}))
        return
    tell(f"error: {code}: {message}", "", f"hint: {hint}")
