"""Freezes: set quickly, lifted as a governed act, listed (protocol 6)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.core.acts.act import PROVIDER
from placet.core.entities.freezes import FREEZES, open_freezes
from placet.core.runs import Intent
from placet.domain.authorization.freeze import EVERYTHING, Freeze
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.kinds import OperationKind
from placet.errors import NotFoundError
from placet.facade.asking import ask_as
from placet.facade.requester import requester_of
from placet.facade.visible import check_is_member
from placet.usecases.set_freeze import set_freeze


class Freezes:
    """What is not to be published for now."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def set(self, subjects: tuple[str, ...], *, reason: str, requester: str = "") -> Object:
        """Freeze what matches these patterns, everything where there are none, from now on."""
        who = await requester_of(self._opened, requester)
        return self._shown(await set_freeze(self._context, subjects=subjects or EVERYTHING, reason=reason, actor=who))

    async def lift(self, freeze_id: str, *, requester: str = "") -> Object:
        """Ask to lift a freeze; raise `NotFoundError` where none of that id is open."""
        await check_is_member(self._opened)
        standing = next((freeze for freeze in await self._open() if freeze.freeze_id == freeze_id), None)
        if standing is None:
            raise NotFoundError(
                "NOT_FOUND",
                f"no freeze {freeze_id[:60]!a} is open",
                hint="see what is frozen: placet freeze list",
            )
        intent = Intent(
            kind=OperationKind.LIFT_FREEZE,
            subject=Subject(provider=PROVIDER, name=freeze_id, version="", tag=""),
            params={"subjects": list[Value](standing.subjects)},
        )
        return await ask_as(self._opened, intent, requester)

    async def list(self) -> Object:
        """Return the open freezes, oldest first."""
        await check_is_member(self._opened)
        return {"freezes": [self._shown(freeze) for freeze in await self._open()]}

    async def _open(self) -> tuple[Freeze, ...]:
        return open_freezes(await self._context.store.load([FREEZES]))

    def _shown(self, freeze: Freeze) -> Object:
        return {**freeze.to_object(), "holds": freeze.begun(self._context.clock.now())}
