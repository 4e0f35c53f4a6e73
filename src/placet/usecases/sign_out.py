"""End a session in order: its person asks no more with it, and what they said in it stands (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.credentials import credential_key, read_credential
from placet.core.entities.stored import required
from placet.domain.log.change import Snapshot
from placet.errors import DeniedError


async def sign_out(context: Context, caller: Caller) -> None:
    """End the session that `caller` shows; raise `DeniedError` (`SESSION_MISSING`) where it is a key."""
    if not caller.in_session:
        raise DeniedError("SESSION_MISSING", "this is no session: a key is revoked instead")
    key = credential_key(caller.credential_id)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        session = read_credential(required(snapshot, key, "session"))
        return Decision(
            type="session.ended",
            actor=session.principal_id,
            subject=session.credential_id,
            data={"session_id": session.credential_id},
            writes={key: session.ended(now).to_object()},
        )

    await decide(context, lambda _: {key}, decision)
