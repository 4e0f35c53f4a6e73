"""What stands behind the one door for effects: one executor per provider kind and operation kind."""

from __future__ import annotations

from typing import Protocol

from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation, Subject
from placet.ports.effects import Finding, Outcome, Provider


class SendPermit(Protocol):
    """The right to send now, asked for again before each first byte (protocol 5)."""

    @property
    def seconds_left(self) -> float:
        """Return how long the reservation's deadline leaves for the whole exchange."""
        ...

    async def check(self) -> None:
        """Return if the fence is still ours and the deadline not passed.

        Raise `EffectError` (`FENCE_LOST`) otherwise; then nothing may be sent.
        """
        ...


class Executor(Protocol):
    """Performs operations of one kind at providers of one kind, and looks them up."""

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        """Attempt the effect, as `SideEffectPort.perform`; `permit.check` precedes each first byte."""
        ...

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        """Tell whether the effect stands, as `SideEffectPort.look_up`."""
        ...


class FactReader(Protocol):
    """Reads facts that providers of one kind hold."""

    async def read(self, provider: Provider, subject: Subject, fact: str) -> str:
        """Return the fact's value as `Observer.observe` spells it, `unobserved` where unclear."""
        ...
