"""Approve, deny or withdraw in a session: the Core's word, at assurance 1 (protocol 6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from placet.core.approvals import approval_premises, plan_to_judge, recorded
from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.credentials import credential_premises, good_for
from placet.core.decide import Decision, decide
from placet.core.denials import record_denial
from placet.core.entities.credentials import Credential, credential_key, read_credential
from placet.core.entities.governance import SignedApproval, principal_key, stored_principal
from placet.core.entities.runs import Run
from placet.core.entities.stored import entity_of, required
from placet.core.runs import stored_run
from placet.domain.authorization.approval import Approval, ApprovalDecision, vouch
from placet.domain.authorization.phrase import check_phrase
from placet.domain.authorization.principal import Principal
from placet.domain.authorization.principal_identity import session_key_id
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.digest import Digest
from placet.errors import DeniedError

VALIDITY = timedelta(hours=24)


class Said(Struct, frozen=True, kw_only=True):
    """What a person says about a plan, and which plan and text they were looking at; nothing here is believed.

    `phrase` are the plan's words, as who asked for it told them; a yes needs them, a no is quick.
    """

    run_id: str
    plan_digest: Digest
    shown_digest: Digest
    decision: ApprovalDecision
    group: str
    phrase: str


async def approve_in_session(context: Context, caller: Caller, said: Said) -> Approval:
    """Put on record what `caller` says in their session; from then on it counts, at assurance 1.

    The session is judged once more in the change that records it. Raise `InvalidInputError`
    (`PHRASE_MISMATCH`), `NotFoundError`, and `DeniedError` (recorded): `APPROVER_INELIGIBLE` for who
    shows a key, `UNAUTHENTICATED` where the session is over, `APPROVAL_INVALID` where the plan or the
    text is another than they were shown, or what they say is to be signed, and as `approvals.recorded`.
    """
    try:
        return await _said(context, caller, said)
    except DeniedError as error:
        await record_denial(context, error, actor=caller.principal_id, run_id=said.run_id, operation_id="")
        raise


async def _said(context: Context, caller: Caller, said: Said) -> Approval:
    if not caller.in_session:  # before anything is looked up: whoever is told so learns nothing else
        raise DeniedError("APPROVER_INELIGIBLE", "a key approves nothing, whatever its scopes: sign in, or sign")
    if said.decision is ApprovalDecision.APPROVE or said.phrase:
        check_phrase(said.phrase, said.plan_digest)
    run = await stored_run(context, said.run_id)
    approvals: list[Approval] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        session, person = _in_session(snapshot, caller, now)
        about = plan_to_judge(snapshot, run, said.decision)
        approval = _approval(context, said, session, now)
        approvals[:] = [approval]
        verified = vouch(approval.encode(), about=about, principal=person, at=now)
        word = SignedApproval(encoded=approval.encode(), signature=b"", recorded_at=now, session=session.credential_id)
        return recorded(context, snapshot, run, about.plan, verified, word)

    await decide(context, lambda loaded: _premises(run, caller, loaded), decision)
    return approvals[0]


def _premises(run: Run, caller: Caller, snapshot: Snapshot | None) -> set[EntityKey]:
    return {
        *approval_premises(run, caller.principal_id, snapshot),
        *credential_premises(snapshot, caller.credential_id),
    }


def _in_session(snapshot: Snapshot, caller: Caller, now: datetime) -> tuple[Credential, Principal]:
    """Return the caller's session and who they are, while it is good."""
    session = read_credential(required(snapshot, credential_key(caller.credential_id), "session"))
    entity = entity_of(snapshot, principal_key(caller.principal_id))
    person = stored_principal(entity) if entity else None
    if person is None or not good_for(snapshot, session, person, now):
        raise DeniedError("UNAUTHENTICATED", "the session is over", hint="sign in again: /auth/login")
    return session, person


def _approval(context: Context, said: Said, session: Credential, now: datetime) -> Approval:
    return Approval(
        issuer=context.issuer,
        run_id=said.run_id,
        plan_digest=said.plan_digest,
        shown_digest=said.shown_digest,
        decision=said.decision,
        group=said.group,
        approver=session.principal_id,
        key_id=session_key_id(session.identity_id),
        issued_at=now,
        expires_at=now + VALIDITY,
    )
