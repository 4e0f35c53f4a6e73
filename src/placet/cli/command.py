"""What all commands have: `--home`, `--server`, `--json` anywhere in the line, one example, no import before need."""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGE = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[smhd])", re.ASCII)
_MOST_DIGITS = 18
"""What every store can hold."""


class Choices(Struct):
    """What was chosen for the whole command line."""

    home: Path | None = None
    server: str | None = None
    as_json: bool = False


class Word(click.ParamType[str]):
    """Text of one line that can be shown and stored: no control characters, nothing that is no UTF-8."""

    name = "text"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, or fail as a usage error."""
        text = str(value)
        if not text.isprintable():
            self.fail(f"{text[:80]!a} holds characters that cannot stand here", param, ctx)
        return text


class Number(click.IntRange):
    """A whole number in eighteen digits at most; `int` would also read other scripts', spaces and underscores."""

    def convert(self, value: int | str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or fail as a usage error."""
        if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS):
            self.fail(f"{value[:40]!a} is not a whole number of at most {_MOST_DIGITS} digits", param, ctx)
        return super().convert(int(value), param, ctx)


class NamedPath(click.Path):
    """A path that somebody named: an empty text, such as of an unset variable, is no way to say `here`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own
        """Return the path, or fail as a usage error."""
        if not value:
            self.fail("an empty path names nothing", param, ctx)
        return super().convert(value, param, ctx)


class Age(click.ParamType[timedelta]):
    """A length of time: a whole number and its unit."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the length of time, or fail as a usage error."""
        found = _AGE.fullmatch(str(value))
        if found is None:
            self.fail(f"{str(value)[:40]!a} is no length of time: 90m, 36h or 7d, for example", param, ctx)
        return timedelta(seconds=int(found["count"]) * _UNITS[found["unit"]])


WORD = Word()
AGE = Age()
FOLDER = NamedPath(path_type=Path, file_okay=False)
FILE = NamedPath(path_type=Path)


def choices_of(context: click.Context) -> Choices:
    """Return the choices of this command line."""
    return context.find_root().ensure_object(Choices)


def global_options() -> list[click.Option]:
    """Return the options that every command has, too."""
    return [
        click.Option(
            ["--home"], type=FOLDER, metavar="DIR", expose_value=False, callback=_chose_home,
            help="The installation's folder [default: PLACET_HOME, or ~/.placet].",
        ),
        click.Option(
            ["--server"], type=WORD, metavar="URL", expose_value=False, callback=_chose_server,
            help="Ask the service there instead [default: PLACET_SERVER]; its key is in PLACET_API_KEY or _FILE.",
        ),
        click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_chose_json,
            help="Print JSON, errors too.",
        ),
    ]  # fmt: skip


class Command(click.Command):
    """A command with an example that a test runs."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        """Take what click takes, and the example."""
        super().__init__(*args, **kwargs)
        self.example = example
        self.params += global_options()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own
        """Write the example."""
        with formatter.section("Example"):
            formatter.write(f"  {self.example}\n")  # in one line: it is there to be copied


class Child(Struct, frozen=True):
    """Where a command is found, and what it does in a few words; its module is imported when it is called."""

    module: str
    attribute: str
    summary: str


class Group(click.Group):
    """Commands that are imported when they are called."""

    def __init__(self, *args: Any, children: Mapping[str, Child], **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        """Take what click takes, and the commands by name, in the order of the help."""
        super().__init__(*args, **kwargs)
        self.children = children
        self.params += global_options()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        """Return the names in the order of the help."""
        return list(self.children)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        """Import the command."""
        child = self.children.get(cmd_name)
        if child is None:
            return None
        command: click.Command = getattr(importlib.import_module(child.module), child.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        if args and args[0] not in self.children and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.children, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            ctx.fail(f"there is no command {args[0][:40]!a}{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, child.summary) for name, child in self.children.items()])


def _chose_home(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        choices_of(context).home = value


def _chose_server(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        choices_of(context).server = value


def _chose_json(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own
    if value:
        choices_of(context).as_json = True
