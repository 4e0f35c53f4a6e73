"""Object stores: whether they keep what create-only rests on (ADR 17)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.core.entities.storage import promise_object
from placet.domain.encoding.canonical import Object
from placet.domain.values.time import format_instant
from placet.facade.requester import requester_of
from placet.facade.visible import check_acts_on_everything
from placet.usecases.check_storage import check_storage


class Storage:
    """Object stores by their provider id."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened

    async def check(self, provider_id: str, *, requester: str = "") -> Object:
        """Try a store out, record the result and return it; raise as `check_storage`.

        Objects are put and removed with the provider's credential. So over the network it takes a scope
        to read and to publish everything: raise `DeniedError` (`SCOPE_INSUFFICIENT`).
        """
        await check_acts_on_everything(self._opened)
        actor = await requester_of(self._opened, requester)
        check = await check_storage(self._opened.context, self._opened.storage_probe(), provider_id, actor=actor)
        return {
            "provider_id": check.provider_id,
            "url": check.url,
            "passed": check.passed,
            "checked_at": format_instant(check.checked_at),
            "promises": [promise_object(each) for each in check.promises],
        }
