"""What the service logs: one line for each event, JSON for programs and plain for a terminal (attacks A47, A49).

Nothing that came from outside can begin a line of its own, move a cursor or look like a member of
another event: JSON is printable ASCII, and so is what a terminal is given. Secrets are taken out of
each line last. A log that cannot be written stops nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterable, MutableMapping
from typing import Any, TextIO

import structlog

from placet.cli.output import escaped
from placet.web.redaction import Redactor

Event = MutableMapping[str, Any]

_FIRST = ("time", "level", "event")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(stream: TextIO, redactor: Redactor, *, level: str, human: bool) -> None:
    """Send every log of this process to `stream`, structlog's and the standard library's, from `level` up."""
    render = _human if human else _machine
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True, key="time"),
            structlog.processors.format_exc_info,
            lambda _, __, event: redactor.clean(render(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _Stream(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Forwarding()], level=_LEVELS[level], force=True)


class _Stream:
    """Writes lines, and gives up where they cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write one event."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = log = msg


class _Forwarding(logging.Handler):
    """Hands on what libraries log in the standard library's way."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None)


def _machine(event: Event) -> str:
    members = {name: event[name] for name in _FIRST} | dict(event)
    return json.dumps(members, default=repr).replace("\x7f", "\\u007f")


def _human(event: Event) -> str:
    time, level, said = (str(event.pop(name)) for name in _FIRST)
    trace = str(event.pop("exception", ""))
    members = [f"{name}={value}" for name, value in event.items() if value not in ("", None)]
    first = " ".join([time[11:19], f"{level:<7}", said, *members])
    return "\n".join(_shown([first, *(f"    {line}" for line in trace.splitlines())]))


def _shown(lines: Iterable[str]) -> Iterable[str]:
    return (escaped(line) for line in lines)
