"""API keys: create, list, rotate, revoke (contract 1, protocol 6)."""

from __future__ import annotations

from datetime import timedelta

from placet.bootstrap import Opened
from placet.core.acts.act import PROVIDER
from placet.core.caller import Caller
from placet.core.entities.credentials import Credential, credential_key, last_use_key, read_credential, read_last_use
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stand_ins import a_credential
from placet.core.entities.stored import entity_of, missing, required
from placet.core.runs import Intent
from placet.core.runs_seen import RunSight
from placet.domain.authorization.api_key import parse_scope
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.shown_token import RANDOM_BYTES, CredentialKind, make_token
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import cut_to_milliseconds, format_instant
from placet.errors import ApprovalsPendingError
from placet.facade.asking import ask_as
from placet.facade.requester import requester_of
from placet.facade.visible import check_is_member, sight
from placet.usecases.authenticate import Holders, authenticate
from placet.usecases.revoke_key import revoke_key

LIFETIME = timedelta(days=90)
_MOST = 1000


class Keys:
    """Keys of programs. A key is shown once, when it is made; only its digest is kept."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context
        self._holders = Holders()

    async def authenticate(self, shown: str) -> Caller | None:
        """Return who shows the key or session `shown`, or None where it is good for nothing."""
        return await authenticate(self._context, shown, self._holders)

    async def create(
        self,
        name: str,
        principal_id: str,
        scopes: tuple[str, ...],
        *,
        lifetime: timedelta = LIFETIME,
        requester: str = "",
    ) -> Object:
        """Ask for a key of `principal_id`. It is in the answer and nowhere else.

        Where approvals are missing yet, `status` is `waiting`: the key works once `run_id` was
        approved and resumed. Raise `InvalidInputError` (`SCOPE_INVALID`, …) and as `ask_as`.
        """
        if self._opened.caller is not None and principal_id != self._opened.caller.principal_id:
            await check_is_member(self._opened)
        return await self._make(name, principal_id, scopes, lifetime=lifetime, rotates="", requester=requester)

    async def rotate(self, key_id: str, *, lifetime: timedelta = LIFETIME, requester: str = "") -> Object:
        """Ask for a key that follows `key_id`, with its name, principal and scopes; that one ends with it."""
        old = await self._seen(key_id)
        scopes = tuple(str(each) for each in old.scopes)
        return await self._make(
            old.name, old.principal_id, scopes, lifetime=lifetime, rotates=old.credential_id, requester=requester
        )

    async def revoke(self, key_id: str, *, requester: str = "") -> Object:
        """Revoke a key; raise as `revoke_key`."""
        actor = await requester_of(self._opened, requester)
        await self._seen(key_id)
        return await self._row(await revoke_key(self._context, key_id, actor=actor))

    async def list(self) -> Object:
        """Return every key that is seen, never what it is shown by, oldest first."""
        eyes = await sight(self._opened)
        rows = await self._context.store.find("credential_key", "", limit=_MOST)
        found = [await self._the_key(row.value) for row in rows]
        keys = [each for each in found if await self._sees(eyes, each)]
        keys.sort(key=lambda key: key.created_at)
        return {"keys": [await self._row(each) for each in keys]}

    async def _make(
        self,
        name: str,
        principal_id: str,
        scopes: tuple[str, ...],
        *,
        lifetime: timedelta,
        rotates: str,
        requester: str,
    ) -> Object:
        shown, key = make_token(CredentialKind.KEY, self._context.randomness.token(RANDOM_BYTES))
        intent = Intent(
            kind=OperationKind.CREATE_KEY,
            subject=Subject(provider=PROVIDER, name=principal_id, version="", tag=""),
            params={
                "key_id": key.token_id,
                "name": name,
                "scopes": [str(parse_scope(each)) for each in scopes],
                "digest": key.digest,
                "expires_at": format_instant(cut_to_milliseconds(self._context.clock.now() + lifetime)),
                "rotates": rotates,
            },
        )
        made: Object = {"key": shown, "key_id": key.credential_id, "name": name, "principal_id": principal_id}
        try:
            asked = await ask_as(self._opened, intent, requester)
        except ApprovalsPendingError as pending:
            return {**made, "status": "waiting", "run_id": pending.run_id, "message": pending.message}
        return {**made, "status": "active", "run_id": asked["run_id"], "receipt_id": asked["receipt_id"]}

    async def _seen(self, key_id: str) -> Credential:
        """Return a key that is seen; raise `NotFoundError` for any other as for one that is not there."""
        found = entity_of(await self._context.store.load([credential_key(key_id)]), credential_key(key_id))
        key = read_credential.anew(found or a_credential())
        if not await self._sees(await sight(self._opened), key) or found is None:
            raise missing(f"key {key_id[:40]}")
        return key

    async def _sees(self, eyes: RunSight, key: Credential) -> bool:
        """Tell whether a key is seen: one's own, one of a principal that one owns, or every key."""
        if eyes.caller is None or eyes.is_of(key.principal_id):
            return True
        of = principal_key(key.principal_id)
        holder = entity_of(await self._context.store.load([of]), of)
        return holder is not None and stored_principal(holder).on_behalf_of == eyes.caller.principal_id

    async def _the_key(self, key_id: str) -> Credential:
        key = credential_key(key_id)
        return read_credential(required(await self._context.store.load([key]), key, f"key {key_id[:40]}"))

    async def _row(self, key: Credential) -> Object:
        use = last_use_key(key.credential_id)
        used = entity_of(await self._context.store.load([use]), use)
        return {
            "key_id": key.credential_id,
            "name": key.name,
            "principal_id": key.principal_id,
            "scopes": [str(each) for each in key.scopes],
            "status": self._status(key),
            "created_at": format_instant(key.created_at),
            "expires_at": format_instant(key.expires_at),
            "revoked_at": format_instant(key.revoked_at) if key.revoked_at else "",
            "last_used_at": format_instant(read_last_use(used).used_at) if used else "",
            "rotates": key.rotates,
        }

    def _status(self, key: Credential) -> str:
        if key.revoked_at is not None:
            return "revoked"
        return "active" if key.good_at(self._context.clock.now()) else "expired"
