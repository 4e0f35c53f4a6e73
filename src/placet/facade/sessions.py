"""People who sign in: begin, come back, say who they are, approve, sign out (protocol 6)."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from placet.bootstrap import Opened
from placet.core.caller import Caller
from placet.core.entities.credentials import Credential, credential_key, last_use_key, read_credential, read_last_use
from placet.core.entities.stand_ins import a_credential
from placet.core.entities.stored import entity_of, missing, required
from placet.domain.authorization.approval import SAID_IN_SESSIONS, ApprovalDecision
from placet.domain.authorization.render import fingerprint, shown_digest
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.digest import parse_digest
from placet.domain.values.time import format_instant
from placet.domain.values.unshown import Unshown
from placet.errors import ConfigurationError, DeniedError, InvalidInputError
from placet.facade.publishing import Publishing
from placet.facade.requester import requester_of
from placet.facade.visible import check_run_seen, sight
from placet.usecases.approve_in_session import Said, approve_in_session
from placet.usecases.approve_plan import end_denied
from placet.usecases.begin_sign_in import Begun, begin_sign_in
from placet.usecases.revoke_key import revoke_key
from placet.usecases.sign_in import Answer, SignedIn, sign_in
from placet.usecases.sign_out import sign_out

CALLBACK = "/auth/callback"
_MOST = 1000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Returned(Unshown, frozen=True, kw_only=True):
    """What a browser brings back from the issuer; nothing here is believed."""

    sign_in: str
    state: str
    code: str = ""
    error: str = ""
    answered_by: str = ""


class Word(Struct, frozen=True, kw_only=True):
    """What a person says about a plan, and which they were looking at, as they send it."""

    plan_digest: str
    shown_digest: str
    decision: str
    group: str = ""
    phrase: str = ""


class Sessions:
    """Sessions of people. A session's token is shown to its browser once; only its digest is kept."""

    def __init__(self, opened: Opened, publishing: Publishing) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context
        self._publishing = publishing

    async def begin(self, issuer: str = "") -> Begun:
        """Return where a person signs in, with `issuer` or the only one that is trusted.

        Raise `ConfigurationError` (`SETTING_INVALID`) where browsers could be sent back unprotected, and as
        `begin_sign_in`.
        """
        return await begin_sign_in(
            self._context, self._opened.identities, issuer=issuer, redirect_uri=self._redirect_uri()
        )

    async def finish(self, returned: Returned) -> SignedIn:
        """Return the session of a person who came back from the issuer; raise as `sign_in`."""
        answer = Answer(
            sign_in=returned.sign_in,
            state=returned.state,
            code=returned.code,
            error=returned.error,
            answered_by=returned.answered_by,
            redirect_uri=self._redirect_uri(),
        )
        return await sign_in(self._context, self._opened.identities, answer)

    async def current(self) -> Object:
        """Return who the caller is, and until when."""
        shown = await self._the_session(self._caller().credential_id)
        return {
            "principal_id": shown.principal_id,
            "credential_id": shown.credential_id,
            "kind": shown.kind.value,
            "scopes": [str(each) for each in shown.scopes],
            "expires_at": format_instant(shown.expires_at),
        }

    async def end(self) -> None:
        """Sign the caller out; raise as `sign_out`."""
        await sign_out(self._context, self._caller())

    async def list(self) -> Object:
        """Return every session that is seen, never what it is shown by, oldest first."""
        eyes = await sight(self._opened)
        rows = await self._context.store.find("credential_session", "", limit=_MOST)
        found = [await self._the_session(row.value) for row in rows]
        sessions = [each for each in found if eyes.is_of(each.principal_id)]
        sessions.sort(key=lambda session: session.created_at)
        return {"sessions": [await self._row(each) for each in sessions]}

    async def revoke(self, session_id: str, *, requester: str = "") -> Object:
        """Revoke a session: what was asked and approved in it counts no more; raise as `revoke_key`."""
        actor = await requester_of(self._opened, requester)
        found = entity_of(await self._context.store.load([credential_key(session_id)]), credential_key(session_id))
        session = read_credential.anew(found or a_credential())
        if not (await sight(self._opened)).is_of(session.principal_id) or found is None:
            raise missing("session")
        return await self._row(await revoke_key(self._context, session_id, actor=actor))

    async def ballot(self, run_id: str) -> Object:
        """Return the run's newest plan as its caller must be shown it before they say anything.

        The plan's phrase is not told here: who asked for it tells it, so that both look at one plan.
        Raise `DeniedError` (`SESSION_MISSING`) for who shows a key: it approves nothing.
        """
        caller = self._caller()
        if not caller.in_session:
            raise DeniedError("SESSION_MISSING", "a key approves nothing: plans are shown here to who is signed in")
        ballot = await self._publishing.ballot(run_id, caller.principal_id)
        return {
            "run_id": run_id,
            "plan_digest": ballot.plan.digest(),
            "fingerprint": fingerprint(ballot.plan.digest()),
            "text": ballot.text,
            "shown_digest": shown_digest(ballot.text),
            "requester": ballot.plan.requester,
            "demanded": list[Value](ballot.demanded),
            "groups": list[Value](ballot.groups),
        }

    async def say(self, run_id: str, said: Word) -> Object:
        """Approve, deny or withdraw as the caller, at assurance 1; raise as `approve_in_session`."""
        if said.decision not in SAID_IN_SESSIONS:
            raise InvalidInputError("BODY_INVALID", f"{said.decision[:40]!a} is nothing that is said in a session")
        await check_run_seen(self._opened, run_id)
        approval = await approve_in_session(
            self._context,
            self._caller(),
            Said(
                run_id=run_id,
                plan_digest=parse_digest(said.plan_digest),
                shown_digest=parse_digest(said.shown_digest),
                decision=ApprovalDecision(said.decision),
                group=said.group,
                phrase=said.phrase,
            ),
        )
        if approval.decision is ApprovalDecision.DENY:
            await end_denied(self._context, run_id)
        approves = approval.decision is ApprovalDecision.APPROVE
        return {
            "run_id": run_id,
            "decision": approval.decision.value,
            "approver": approval.approver,
            "group": approval.group,
            "plan_digest": approval.plan_digest,
            "assurance": 1,
            "expires_at": format_instant(approval.expires_at),
            "missing": await self._publishing.missing(run_id) if approves else [],
        }

    def _caller(self) -> Caller:
        caller = self._opened.caller
        if caller is None or not caller.credential_id:
            raise DeniedError("UNAUTHENTICATED", "nobody signed in", hint="sign in: /auth/login")
        return caller

    def _redirect_uri(self) -> str:
        base = self._context.settings.bases.api
        parts = urlsplit(base)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ConfigurationError(
                "SETTING_INVALID",
                "people sign in over https only, and PLACET_PUBLIC_BASE_URL is none",
                hint="set it to the https:// address at which browsers reach this service",
            )
        return base + CALLBACK

    async def _the_session(self, credential_id: str) -> Credential:
        key = credential_key(credential_id)
        return read_credential(required(await self._context.store.load([key]), key, "session"))

    async def _row(self, session: Credential) -> Object:
        use = last_use_key(session.credential_id)
        used = entity_of(await self._context.store.load([use]), use)
        return {
            "session_id": session.credential_id,
            "principal_id": session.principal_id,
            "issuer": session.issuer,
            "status": self._status(session),
            "created_at": format_instant(session.created_at),
            "expires_at": format_instant(session.expires_at),
            "revoked_at": format_instant(session.revoked_at) if session.revoked_at else "",
            "last_used_at": format_instant(read_last_use(used).used_at) if used else "",
        }

    def _status(self, session: Credential) -> str:
        if session.revoked_at is not None:
            return "revoked"
        return "active" if session.good_at(self._context.clock.now()) else "ended"
