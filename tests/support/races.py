"""Many processes that do something at the same moment: forked, held at a gate, asked afterwards what they got."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any


class Gate:
    """What every process passes at the same moment, when all have come to it."""

    def __init__(self) -> None:
        self._come, self._i_came = os.pipe()
        self._open, self._hold = os.pipe()

    def pass_through(self) -> None:
        """Say that this process has come, and wait until it may pass."""
        os.close(self._hold)
        os.write(self._i_came, b".")
        os.close(self._i_came)
        os.read(self._open, 1)

    def let_pass(self, processes: int) -> None:
        """Wait until so many have come, or all that are still alive; then let them pass."""
        os.close(self._i_came)
        come = 0
        while come < processes and (got := os.read(self._come, processes)):
            come += len(got)
        for descriptor in (self._hold, self._come, self._open):
            os.close(descriptor)


Work = Callable[[int, Gate], Coroutine[Any, Any, object]]


def race(folder: Path, processes: int, work: Work) -> list[Any]:
    """Run `work(number, gate)` in that many forked processes; return what each returned, as JSON has it.

    Fail where one raised: no traceback may come out of a process that was merely too late.
    """
    ended = run_together(folder, processes, work)
    assert [code for code, _ in ended] == [0] * processes, next(told for code, told in ended if code)
    return [json.loads(told) for _, told in ended]


def run_together(folder: Path, processes: int, work: Work) -> list[tuple[int, str]]:
    """Run `work(number, gate)` in that many forked processes; return how each ended, and its result or traceback."""
    gate = Gate()
    children = [_fork(folder / f"race-{number}", number, gate, work) for number in range(processes)]
    ended: list[tuple[int, str]] = []
    try:
        gate.let_pass(processes)
        while children:
            code = os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1])
            ended.append((code, (folder / f"race-{len(ended)}").read_text()))
            children.pop(0)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return ended


def _fork(place: Path, number: int, gate: Gate, work: Work) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    place.write_text("")
    try:
        place.write_text(json.dumps(asyncio.run(work(number, gate))))
        code = 0
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happened; the parent reads why
        place.write_text(traceback.format_exc())
    finally:
        os._exit(code)
