"""Connects to a service, with what this machine gives to its client."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.adapters.system import SystemClock
from placet.bootstrap import approval_signer, plan_files
from placet.client import RemotePlacet, Tools
from placet.config import Config


@contextlib.asynccontextmanager
async def connected(config: Config, *, offline: bool = False) -> AsyncIterator[RemotePlacet]:
    """Use the service that `config.server` names for the length of a `with`; raise as `RemotePlacet.opened`.

    `offline` has it ask no provider anything for what is planned.
    """
    tools = Tools(
        signer=approval_signer(config),
        key_maker=SoftwareKeyMaker(),
        plan_files=plan_files(config),
        clock=SystemClock(),
    )
    async with RemotePlacet.opened(config.server, config.api_key, tools, offline=offline) as placet:
        yield placet
