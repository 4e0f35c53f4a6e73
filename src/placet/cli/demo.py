"""`placet demo`: all of it, on this machine alone."""

from __future__ import annotations

import click

from placet.cli.command import Command, choices_of
from placet.cli.installation import check_none_given


@click.command("demo", cls=Command, example="placet demo")
def demo() -> None:
    """See all of it in a loopback world, and eight attacks on it.

    Plans, approves, certifies, authorises, publishes, records and verifies a real package against a
    registry on this machine, then tries eight attacks. Without --home everything is removed at the
    end, and your own installation is not touched; --home keeps what it did there to look at.
    """
    check_none_given()
    from placet.demo.main import run  # noqa: PLC0415 - help needs none of it

    context = click.get_current_context()
    choices = choices_of(context)
    context.exit(run(choices.home, as_json=choices.as_json))
