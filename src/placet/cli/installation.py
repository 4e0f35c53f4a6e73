"""Opening the installation, or a service, for the length of one command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, TypeVar

import click

from placet.cli.command import choices_of
from placet.cli.output import Document, say, say_json, tell
from placet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from placet.config import Config
    from placet.facade import AnyPlacet, Placet

T = TypeVar("T")


def settings() -> Config:
    """Return the settings of this command line; raise `ConfigurationError` for unusable ones."""
    from placet import config  # noqa: PLC0415 - help needs no settings

    choices = choices_of(click.get_current_context())
    # Who names a folder, and no service beside it, means the folder, whatever the environment says.
    server = "" if choices.server is None and choices.home is not None else choices.server
    return config.load(home=choices.home, server=server)


def inside(verb: Callable[[AnyPlacet], Awaitable[T]], *, offline: bool = False) -> T:
    """Do `verb` with the service that was chosen, or the installation, open for as long; return what it returned."""
    config = settings()
    if not config.server:
        return here(verb, offline=offline)
    from placet.facade import connected  # noqa: PLC0415 - what everything stands on takes its time to import

    async def run() -> T:
        async with connected(config, offline=offline) as placet:
            return await verb(placet)

    return _run(run)


def here(verb: Callable[[Placet], Awaitable[T]], *, offline: bool = False) -> T:
    """Open the installation on this machine, do `verb` with it, close it, and return what the verb returned."""
    from placet.facade import Placet  # noqa: PLC0415 - what everything stands on takes its time to import

    check_is_here()

    async def run() -> T:
        async with Placet.open(settings(), offline=offline) as placet:
            return await verb(placet)

    return _run(run)


def check_is_here() -> None:
    """Return where no service was chosen; raise `ConfigurationError` (`SERVER_CANNOT`): it is for this machine."""
    if settings().server:
        raise _cannot()


def check_none_given() -> None:
    """Return where no service is named on the command line, as for what needs none; raise as `check_is_here`."""
    if choices_of(click.get_current_context()).server:
        raise _cannot()


def _cannot() -> ConfigurationError:
    return ConfigurationError(
        "SERVER_CANNOT",
        f"`{click.get_current_context().command_path}` is for this machine, and asks no service",
        hint="run it where the installation is, without --server and PLACET_SERVER",
    )


def _run(work: Callable[[], Coroutine[object, object, T]]) -> T:
    logging.basicConfig(handlers=[_Warnings()], level=logging.WARNING, force=True)
    return asyncio.run(work())


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
