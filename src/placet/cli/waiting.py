"""Waiting for approvals that are given from another terminal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from placet.cli.command import Number, choices_of
from placet.cli.output import tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet

DEFAULT_SECONDS = 24 * 60 * 60
_LOOK_AGAIN_SECONDS = 0.5


def wait_options(command: click.Command) -> click.Command:
    """Add `--wait` and `--no-wait` to a command."""
    for option in (
        click.Option(
            ["--wait", "seconds"],
            type=Number(0, 7 * DEFAULT_SECONDS),
            metavar="SECONDS",
            default=DEFAULT_SECONDS,
            show_default=True,
            help="How long to wait for missing approvals.",
        ),
        click.Option(["--no-wait", "seconds"], flag_value=0, type=int, help="Do not wait: exit code 4."),
    ):
        command.params.insert(len(command.params) - 2, option)
    return command


class Patience:
    """Waits at most so long, and tells what is missing whenever that changes."""

    def __init__(self, placet: AnyPlacet, seconds: int) -> None:
        """Begin to wait when first asked."""
        self._placet = placet
        self._seconds = seconds
        self._until: float | None = None
        self._told: tuple[str, ...] = ()

    async def __call__(self, run_id: str, missing: tuple[str, ...]) -> bool:
        """Wait a moment and return True to look again, or False when the time is up."""
        if not self._seconds:
            return False
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + self._seconds
            await self._ask_for(run_id)
        if missing != self._told:
            self._told = missing
            tell(*(f"waiting    {sentence}" for sentence in missing))
        await asyncio.sleep(min(_LOOK_AGAIN_SECONDS, max(self._until - now, 0)))
        return asyncio.get_running_loop().time() < self._until

    async def _ask_for(self, run_id: str) -> None:
        plan = await self._placet.publishing.plan(run_id)
        tell(
            "",
            f"This needs approvals. The plan's fingerprint is {plan['fingerprint']}. Its phrase,",
            f"  {plan['phrase']},",
            "is to be compared with what approvers see. They run:",
            f"  placet{_where()} approve {run_id} --as person:NAME --key FILE",
            "",
        )


def _where() -> str:
    """Return the options by which others reach what this command line works with."""
    choices = choices_of(click.get_current_context())
    if choices.server:
        return f" --server {choices.server}"
    return f" --home {choices.home}" if choices.home else ""
