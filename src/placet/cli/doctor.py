"""`placet doctor`: how this installation stands, and what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import click

from placet.cli.command import Command
from placet.cli.installation import check_is_here, settings, show
from placet.cli.output import Document
from placet.errors import ConfigurationError

_AREA = 11
_HEALTH = 6


@click.command("doctor", cls=Command, example="placet doctor")
@click.option("--online", is_flag=True, help="Also ask each provider whether it answers [default: send nothing].")
def doctor(online: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Examine this installation, and say what to do next.

    Clock, keys, chain of trust, anchor, storage, providers, policy, receipts and runs: each line is
    ok, warn or fail, with what to do next. Nothing is changed, no secret is shown. The exit code is
    0 where nothing fails, else 1.
    """
    check_is_here()
    from placet.facade.doctor import examine  # noqa: PLC0415 - help needs none of it

    found = asyncio.run(examine(settings(), online=online))
    show(found, _lines)
    if not found["healthy"]:
        raise ConfigurationError(
            "UNHEALTHY", f"{found['failures']} of what was examined does not work", hint="do what stands after `next:`"
        )


def _lines(found: Document) -> Iterator[str]:
    yield f"{found['home']} {_summary(found)}"
    yield ""
    before = ""
    for each in found["findings"]:
        name = "" if each["area"] == before else each["area"]
        before = each["area"]
        yield f"  {name:<{_AREA}}{each['health']:<{_HEALTH}}{each['detail']}"
        if each["next_step"]:
            yield f"  {'':<{_AREA + _HEALTH}}next: {each['next_step']}"


def _summary(found: Document) -> str:
    warned = f"{found['warnings']} warning{'' if found['warnings'] == 1 else 's'}"
    if found["healthy"]:
        return f"is well: {found['ok']} ok, {warned}."
    return f"is NOT well: {found['failures']} failed, {warned}, {found['ok']} ok."
