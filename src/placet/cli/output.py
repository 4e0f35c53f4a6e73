"""What a terminal is given: plain, aligned, printable ASCII, and JSON where it was asked for.

Names, providers' answers and messages come from outside. Every line passes `escaped`, so that
none of them can move the cursor, change colours or turn the reading direction.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from placet.errors import UnavailableError

Document = Mapping[str, Any]
"""A JSON object as a verb of the façade returned it; its shape is documented there."""

_GAP = 2
_FITS = 76
_DASH = "\u2014"  # begins the signature lines of a checkpoint


class OutputClosedError(Exception):
    """Whoever read standard output went away: nothing to report, and nobody to report it to."""


def escaped(text: str) -> str:
    """Return `text` with everything but printable ASCII, and a note's dash, spelled out as in a Python string."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each if " " <= each <= "~" or each == _DASH else each.encode("unicode_escape").decode("ascii") for each in text
    )


def say(lines: Iterable[str]) -> None:
    """Write lines of data to standard output."""
    _write("".join(f"{escaped(line).rstrip()}\n" for line in lines))


def say_json(document: Document) -> None:
    """Write one JSON document to standard output, in ASCII."""
    _write(json.dumps(document, indent=2).replace("\x7f", "\\u007f") + "\n")


def say_bytes(content: bytes) -> None:
    """Write `content` to standard output as it is: escaped only where that is a terminal."""
    if sys.stdout.isatty():
        say(content.decode("utf-8", "backslashreplace").splitlines())
        return
    with _output():
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def tell(*lines: str) -> None:
    """Write lines to standard error. That it is gone stops nothing that is being done."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write("".join(f"{escaped(line).rstrip()}\n" for line in lines))
        sys.stderr.flush()


def show_for_signing(text: str) -> None:
    """Write to standard error what somebody is about to sign; raise `UnavailableError` where they cannot see it."""
    try:
        sys.stderr.write("".join(f"{escaped(line)}\n" for line in [*text.splitlines(), ""]))
        sys.stderr.flush()
    except OSError as error:
        raise UnavailableError("OUTPUT_FAILED", "the plan could not be shown, so nothing was signed") from error


def fields(pairs: Iterable[tuple[str, str]], *, indent: int = 2) -> Iterator[str]:
    """Yield one aligned line for each name and value; empty values are left out, a name that repeats is shown once."""
    shown = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0) + _GAP
    before = ""
    for name, value in shown:
        yield f"{' ' * indent}{'' if name == before else name:<{width}}{escaped(value)}"
        before = name


def table(rows: Iterable[Sequence[str]], *, indent: int = 2) -> Iterator[str]:
    """Yield the rows with their columns aligned."""
    cells = [[escaped(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield " " * indent + (" " * _GAP).join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))


def target(operation: Document) -> str:
    """Return where an operation acts: an object by its provider and key, a repository by its tag, too."""
    subject = str(operation["subject"])
    if operation["key"]:
        return f"{subject.partition(':')[0]}:{operation['key']}"
    shows_tag = operation["tag"] and operation["operation_kind"] != "publish_package"
    return f"{subject} {operation['tag']}" if shows_tag else subject


def answered(value: object) -> str:
    """Return one member of a provider's answer in one line; a list by its elements."""
    return short(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def short(text: str) -> str:
    """Return `text`, cut where it would not fit into a line; `--json` gives all of it."""
    return text if len(text) <= _FITS else f"{text[: _FITS - 3]}..."


def moment(instant: str) -> str:
    """Return an instant of the wire form as people read it: seconds, UTC."""
    return instant[:19].replace("T", " ") + " UTC" if instant else ""


def span(seconds: int) -> str:
    """Return a length of time as people say it: in its largest whole unit."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}{'' if seconds // length == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def _write(text: str) -> None:
    with _output():
        sys.stdout.write(text)
        sys.stdout.flush()


@contextlib.contextmanager
def _output() -> Iterator[None]:
    """Raise `OutputClosedError` for a closed pipe, `UnavailableError` (`OUTPUT_FAILED`) for what else fails."""
    try:
        yield
    except BrokenPipeError as error:
        raise OutputClosedError from error
    except OSError as error:
        raise UnavailableError(
            "OUTPUT_FAILED",
            f"standard output could not be written ({error.strerror})",
            hint="what was asked for was done all the same: `placet run list` tells",
        ) from error
