"""Opening the installation for the length of one command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from placet.cli.command import choices_of
from placet.cli.output import Document, say, say_json, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from placet.config import Config
    from placet.facade import Placet

T = TypeVar("T")


def settings() -> Config:
    """Return the settings of this command line; raise `ConfigurationError` for unusable ones."""
    from placet import config  # noqa: PLC0415 - help needs no settings

    return config.load(home=choices_of(click.get_current_context()).home)


def inside(verb: Callable[[Placet], Awaitable[T]], *, offline: bool = False) -> T:
    """Open the installation, do `verb` with it, close it, and return what the verb returned."""
    from placet.facade import Placet  # noqa: PLC0415 - what everything stands on takes its time to import

    async def run() -> T:
        async with Placet.open(settings(), offline=offline) as placet:
            return await verb(placet)

    logging.basicConfig(handlers=[_Warnings()], level=logging.WARNING, force=True)
    return asyncio.run(run())


def show(document: Document, lines: Callable[[Document], Iterable[str]]) -> None:
    """Print what a verb returned: as JSON where that was asked for, else as `lines` puts it."""
    if wants_json():
        say_json(document)
    else:
        say(lines(document))


def wants_json() -> bool:
    """Tell whether JSON was asked for."""
    return choices_of(click.get_current_context()).as_json


class _Warnings(logging.Handler):
    """Tells warnings of the inside as any other message, escaped."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        tell(f"warning: {record.getMessage()}")
