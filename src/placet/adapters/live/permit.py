"""The right to send, checked last thing before each first byte (protocol 5)."""

from __future__ import annotations

from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.values.time import format_instant
from placet.errors import EffectError
from placet.ports.effects import HoldsFence
from placet.ports.world import Clock

FENCE_LOST = "FENCE_LOST"


class FencePermit:
    """Asks the newest state whether the reservation is still ours, then looks at the clock."""

    def __init__(self, authorized: AuthorizedOperation, holds_fence: HoldsFence, clock: Clock) -> None:
        """Take the reservation, the reader of its fence, and the time."""
        self._authorized = authorized
        self._holds_fence = holds_fence
        self._clock = clock
        self.was_given = False

    @property
    def seconds_left(self) -> float:
        """Return the seconds until the reservation's deadline, zero after it."""
        return max(0.0, (self._authorized.deadline - self._clock.now()).total_seconds())

    async def check(self) -> None:
        """Return if bytes may be sent now, and remember that they may have been.

        Raise `EffectError` (`FENCE_LOST`). The fence is read first, because reading takes time;
        the deadline is the last thing looked at.
        """
        if not await self._holds_fence(self._authorized):
            raise EffectError(
                FENCE_LOST,
                f"nothing was sent: the reservation {self._authorized.fence} of "
                f"{self._authorized.operation.operation_id} is no longer ours",
                hint="another process has taken over; `placet run show` tells what became of it",
            )
        self.check_deadline()
        self.was_given = True

    def check_deadline(self) -> None:
        """Return if the deadline has not passed; raise `EffectError` (`FENCE_LOST`)."""
        if self.seconds_left <= 0:
            raise EffectError(
                FENCE_LOST,
                f"nothing was sent: the reservation's deadline {format_instant(self._authorized.deadline)} has passed",
                hint="run `placet reconcile`, then publish again",
            )
