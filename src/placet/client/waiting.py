"""Waiting for approvals at a service: it is asked what is missing, then to go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from placet.client.wire import Wire
from placet.domain.encoding.canonical import Object
from placet.errors import ApprovalsPendingError

Waiter: TypeAlias = Callable[[str, tuple[str, ...]], Awaitable[bool]]
"""Told which run waits and, in sentences, for what; returns True to look again, False to give up for now."""
RUNS = ("api", "v1", "runs")


async def give_up(run_id: str, missing: tuple[str, ...]) -> bool:  # noqa: ARG001 - a Waiter that does not wait
    """Do not wait."""
    return False


async def carried_out(wire: Wire, ask: Callable[[], Awaitable[Object]], wait: Waiter) -> Object:
    """Return what `ask` is answered; where approvals are missing, wait as `wait` says, and have the run go on.

    Raise as `Wire.post`, and `ApprovalsPendingError` where `wait` gives up.
    """
    while True:
        try:
            return await ask()
        except ApprovalsPendingError as pending:
            run_id = pending.run_id
            if not run_id or not await _approved(wire, run_id, wait):
                raise
        ask = going_on(wire, run_id)


def going_on(wire: Wire, run_id: str) -> Callable[[], Awaitable[Object]]:
    """Return what asks the service to go on with a run."""
    return lambda: wire.post(*RUNS, run_id, "resume", body={})


async def _approved(wire: Wire, run_id: str, wait: Waiter) -> bool:
    """Wait until nothing is missing, or the run has ended; return False where `wait` gives up."""
    while missing := await _missing(wire, run_id):
        if not await wait(run_id, missing):
            return False
    return True


async def _missing(wire: Wire, run_id: str) -> tuple[str, ...]:
    found = (await wire.get(*RUNS, run_id, "missing"))["missing"]
    return tuple(str(each) for each in found) if isinstance(found, list) else ()
