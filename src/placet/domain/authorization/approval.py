"""An approval: what one person says about one plan, signed with an enrolled key (protocol 1 and 6).

The bytes of an approval come from outside until its signature holds: a `VerifiedApproval` comes
out of `verify_approval` and from nowhere else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from placet.domain.authorization.operation import RUN_ID
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.principal import PRINCIPAL_ID, Principal, PrincipalKind, check_may_approve
from placet.domain.authorization.principal_identity import SESSION_KEY_ID, is_session_key_id
from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.encoding.record import Record
from placet.domain.encoding.ssh_public_key import KEY_ID
from placet.domain.encoding.sshsig import SshSignature, read_signature, verify
from placet.domain.values.digest import Digest, separated_digest
from placet.domain.values.kinds import Mode
from placet.domain.values.time import format_instant
from placet.errors import DeniedError, InvalidInputError, PlacetError

NAMESPACE = "placet-approval"
CLOCK_TOLERANCE = timedelta(seconds=5)
SESSION, SIGNED, PRESENT = 1, 2, 3
"""Assurance of a session, of an SSH signature, and of one made by a FIDO key that somebody touched."""

_CODE = "APPROVAL_INVALID"
_GROUP = r"([a-z0-9][a-z0-9_-]{0,63})?"
_MADE_BY_VERIFY = object()


class ApprovalDecision(StrEnum):
    """What somebody says. `withdraw` takes back everything they said before on the plan.

    `break_glass` waives what it names (see `break_glass`); `review` says that somebody looked at
    what was published so. Neither is an approval of the plan.
    """

    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"
    BREAK_GLASS = "break_glass"
    REVIEW = "review"


_SPEAKS_FOR_A_GROUP = (ApprovalDecision.APPROVE, ApprovalDecision.BREAK_GLASS)
SAID_IN_SESSIONS = (ApprovalDecision.APPROVE, ApprovalDecision.DENY, ApprovalDecision.WITHDRAW)
"""What a session is enough for; the exceptions and their reviews are signed."""


class Approval(Struct, frozen=True, kw_only=True):
    """The members of an approval. `group` says for whom it speaks, empty only where none is needed.

    `key_id` is a key's fingerprint, or `session:ID` for what was said in a session of that identity.
    `shown_digest` is the SHA-256 of the very text that the approver was shown. Only a `break_glass`
    has, as canonical object too, what it `waives` and the digest of its `justification`.
    """

    issuer: str
    run_id: str
    plan_digest: Digest
    shown_digest: Digest
    decision: ApprovalDecision
    group: str
    approver: str
    key_id: str
    issued_at: datetime
    expires_at: datetime
    waives: tuple[str, ...] = ()
    justification: str = ""

    def encode(self) -> bytes:
        """Return the approval's canonical bytes: what the SSH signature is made over."""
        exception: Object = {"waives": list(self.waives), "justification": self.justification}
        return encode(
            {
                "v": 1,
                "typ": "approval",
                "issuer": self.issuer,
                "run_id": self.run_id,
                "plan_digest": self.plan_digest,
                "shown_digest": self.shown_digest,
                "decision": self.decision.value,
                "group": self.group,
                "approver": self.approver,
                "key_id": self.key_id,
                "issued_at": format_instant(self.issued_at),
                "expires_at": format_instant(self.expires_at),
                **(exception if self.decision is ApprovalDecision.BREAK_GLASS else {}),
            }
        )

    def digest(self, mode: Mode) -> Digest:
        """Return the digest of the approval of a plan of `mode`."""
        return separated_digest("approval", mode, self.encode())


class VerifiedApproval(Struct, frozen=True, kw_only=True):
    """An approval whose signature holds for its plan, or for which the Core vouches (protocol 6).

    `assurance` is 2 or 3 where it is signed, 1 where it was said in a session. `recorded_at` is the
    instant for which it was verified, by our own clock: it orders what an approver said. `counter`
    is the hardware key's, 0 for others and for keys that do not count. Only `verify_approval`,
    `vouch` and `verify_recorded` make one.
    """

    approval: Approval
    digest: Digest
    assurance: int
    recorded_at: datetime
    counter: int
    made_by: object

    def __post_init__(self) -> None:
        """Refuse to be built without verifying."""
        if self.made_by is not _MADE_BY_VERIFY:
            raise TypeError("a VerifiedApproval comes out of verify_approval, it is not built")


class ShownPlan(Struct, frozen=True, kw_only=True):
    """What an approval must be about: a plan of one log, and the digest of the text shown for it."""

    plan: Plan
    shown_digest: Digest


def parse_approval(encoded: bytes) -> Approval:
    """Return the approval that canonical `encoded` spells, believed in nothing yet.

    Raise `InvalidInputError` (`APPROVAL_INVALID`) for anything else.
    """
    try:
        record = Record(decode(encoded), what="approval", code=_CODE)
    except InvalidInputError as error:
        raise InvalidInputError(_CODE, f"the approval is not well-formed: {error.message}") from error
    record.constant("v", 1)
    record.constant("typ", "approval")
    decision = record.choice("decision", ApprovalDecision)
    excepts = decision is ApprovalDecision.BREAK_GLASS
    approval = Approval(
        issuer=record.text("issuer", r"[!-~]{1,256}"),
        run_id=record.text("run_id", RUN_ID),
        plan_digest=record.digest("plan_digest"),
        shown_digest=record.digest("shown_digest"),
        decision=decision,
        group=record.text("group", _GROUP),
        approver=record.text("approver", PRINCIPAL_ID),
        key_id=record.text("key_id", f"{KEY_ID}|{SESSION_KEY_ID}"),
        issued_at=record.instant("issued_at"),
        expires_at=record.instant("expires_at"),
        waives=record.texts("waives", r"[a-z_]{1,32}") if excepts else (),
        justification=record.text("justification", r"(sha256:[0-9a-f]{64})?") if excepts else "",
    )
    record.end()
    if approval.issued_at >= approval.expires_at:
        record.refuse("expires before it begins")
    if approval.decision in _SPEAKS_FOR_A_GROUP and not approval.group:
        record.refuse("names no group that it speaks for")
    if is_session_key_id(approval.key_id) and approval.decision not in SAID_IN_SESSIONS:
        record.refuse("says in a session what is to be signed")
    return approval


def verify_approval(
    encoded: bytes, signature: bytes, *, about: ShownPlan, principal: Principal | None, at: datetime
) -> VerifiedApproval:
    """Return the approval if `principal`, a person, signed it for this very plan with a key good at `at`.

    `signature` is the SSHSIG blob; `at` is now when an approval comes in, and the instant it was
    recorded when it is read back. Raise `DeniedError` (`APPROVAL_INVALID`) for another form,
    namespace, issuer, run, plan (so also another mode), text shown or principal; for a time
    outside its own; for a key that is unknown or revoked; where the key was enrolled to know its user
    and did not; and where the signature does not hold.
    Anything but a person never approves: `APPROVER_INELIGIBLE`.
    """
    try:
        approval = parse_approval(encoded)
        signed = read_signature(signature)
        _check_about(approval, about, at)
        _check_key(approval, signed, principal, at)
        verify(signed, encoded, namespace=NAMESPACE)
    except DeniedError:
        raise
    except PlacetError as error:
        raise DeniedError(_CODE, error.message, hint=error.hint) from error
    return VerifiedApproval(
        approval=approval,
        digest=approval.digest(about.plan.mode),
        assurance=PRESENT if signed.user_present else SIGNED,
        recorded_at=at,
        counter=signed.counter,
        made_by=_MADE_BY_VERIFY,
    )


def vouch(encoded: bytes, *, about: ShownPlan, principal: Principal | None, at: datetime) -> VerifiedApproval:
    """Return what `principal` said for this very plan in a session: the Core's word, with no signature under it.

    Only for what the Core writes itself, once it knows whose session it is: bytes that come from
    outside are never vouched for. `at` as in `verify_approval`. Raise `DeniedError`
    (`APPROVAL_INVALID`) as that does, with the identity that had signed in in the place of the key,
    and `APPROVER_INELIGIBLE` for anything but a person.
    """
    try:
        approval = parse_approval(encoded)
        _check_about(approval, about, at)
        if not is_session_key_id(approval.key_id):
            raise DeniedError(_CODE, "nobody vouches for what a key was to sign")
        _check_enrolled(approval, principal, at)
    except InvalidInputError as error:
        raise DeniedError(_CODE, error.message, hint=error.hint) from error
    return VerifiedApproval(
        approval=approval,
        digest=approval.digest(about.plan.mode),
        assurance=SESSION,
        recorded_at=at,
        counter=0,
        made_by=_MADE_BY_VERIFY,
    )


def verify_recorded(
    encoded: bytes, signature: bytes, *, about: ShownPlan, principal: Principal | None, at: datetime
) -> VerifiedApproval:
    """Return an approval that is on record, verified again: by its signature, or where it has none as vouched for.

    The record itself is the Core's word. Raise as `verify_approval` and `vouch`.
    """
    if signature:
        return verify_approval(encoded, signature, about=about, principal=principal, at=at)
    return vouch(encoded, about=about, principal=principal, at=at)


def _check_about(approval: Approval, about: ShownPlan, at: datetime) -> None:
    if approval.issuer != about.plan.issuer:
        raise DeniedError(_CODE, "the approval is for another log")
    if approval.run_id != about.plan.run_id:
        raise DeniedError(_CODE, "the approval is for another run")
    if approval.plan_digest != about.plan.digest():
        raise DeniedError(_CODE, "the approval is for another plan", hint="look at the plan again, then approve it")
    if approval.shown_digest != about.shown_digest:
        raise DeniedError(_CODE, "the approver was shown another text than this plan's")
    if not approval.issued_at - CLOCK_TOLERANCE <= at < approval.expires_at:
        raise DeniedError(_CODE, "the approval is expired, or not yet valid")


def _check_key(approval: Approval, signed: SshSignature, principal: Principal | None, at: datetime) -> None:
    if principal is not None and principal.kind is not PrincipalKind.PERSON:
        check_may_approve(principal, approval.key_id, at)
    if signed.key.key_id != approval.key_id:
        raise DeniedError(_CODE, "the approval names another key than the one that signed it")
    enrolled = _check_enrolled(approval, principal, at).key(approval.key_id)
    if enrolled is not None and enrolled.verify_required and not signed.user_verified:
        raise DeniedError(_CODE, "the key did not verify who touched it, which it is enrolled to do")


def _check_enrolled(approval: Approval, principal: Principal | None, at: datetime) -> Principal:
    if principal is None or principal.principal_id != approval.approver:
        raise DeniedError(_CODE, f"{approval.approver} is not enrolled")
    try:
        check_may_approve(principal, approval.key_id, at)
    except DeniedError as error:
        raise DeniedError(_CODE, error.message) from error
    return principal


def check_counter(verified: VerifiedApproval, last: int) -> None:
    """Return where the hardware key has counted on since it signed the approval whose counter was `last`.

    Raise `DeniedError` (`APPROVAL_INVALID`): an older or equal counter is that of a copy of the
    key, or of an approval that was made before one which is on record. A key that never counts
    says 0 always.
    """
    if last and verified.counter <= last:
        raise DeniedError(
            _CODE,
            f"the counter of the hardware key is {verified.counter}, and was {last} before: is there a copy of it?",
            hint="sign again; if it is refused again, revoke the key",
        )
