"""Publish in a process of its own that kills itself, without warning, at a named point.

Children are forked from this process, where everything is imported already: each is a real
process that dies by SIGKILL, and a hundred of them take seconds.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

from placet import config
from placet.domain.package.publish_request import PublishRequest
from placet.facade import Placet

DEADLINE_SECONDS = 2


class Reaper:
    """Counts passages of one named point and ends the process at the wanted one.

    Every point passed is written to `trace` before: what a killed process had acknowledged.
    """

    def __init__(self, point: str, occurrence: int, trace: Path) -> None:
        self._point = point
        self._left = occurrence
        self._trace = trace.open("a", buffering=1)

    def __call__(self, passed: str) -> None:
        self._trace.write(passed + "\n")
        if passed == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


async def publish(environment: Mapping[str, str], tgz: bytes, at: Callable[[str], None] | None = None) -> None:
    """Publish `tgz` in the installation that `environment` names."""
    async with Placet.open(config.load(environment), at=at) as placet:
        await placet.publishing.publish(PublishRequest(tgz=tgz))


def in_child(
    work: Callable[[], Coroutine[object, object, None]], log: Path, started: Callable[[int], None] | None = None
) -> int:
    """Run `work` in a forked process and return how it ended: 0, 1 (raised; see `log`), or -9.

    `started` is told its process id.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(work())
            code = 0
        except BaseException:  # noqa: BLE001 - the child must end here, whatever happened; the parent reads why
            log.write_text(traceback.format_exc())
        finally:
            sys.stdout.flush()
            os._exit(code)
    if started is not None:
        started(child)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
