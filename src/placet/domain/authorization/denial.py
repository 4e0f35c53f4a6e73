"""Sticky denials: what was denied stays denied in every new plan until the denier withdraws (protocol 1).

A denial stands under an anchor key for each artifact of the denied operations (or for subject and
params where there are none), so that a new plan finds it by loading keys, not by searching.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.authorization.approval import SESSION, ApprovalDecision, VerifiedApproval
from placet.domain.authorization.operation import RUN_ID, Operation
from placet.domain.authorization.principal import PERSON
from placet.domain.authorization.repository_operations import check_operation
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.values.digest import Digest, separated_digest
from placet.domain.values.time import format_instant
from placet.errors import DeniedError

_CODE = "DENIAL_INVALID"


class Denier(Struct, frozen=True, kw_only=True):
    """One person's denial: in which run, by which approval object, when.

    `signed` tells that it was signed, and not said in a session.
    """

    approver: str
    run_id: str
    approval_digest: Digest
    denied_at: datetime
    signed: bool = True

    def to_object(self) -> Object:
        """Return the members of the canonical object; `signed` only where it is not."""
        unsigned: Object = {} if self.signed else {"signed": False}
        return {
            **unsigned,
            "approver": self.approver,
            "run_id": self.run_id,
            "approval_digest": self.approval_digest,
            "denied_at": format_instant(self.denied_at),
        }


class Denial(Struct, frozen=True, kw_only=True):
    """Who denies what stands under one anchor key; nobody, once all have withdrawn."""

    key: str
    deniers: tuple[Denier, ...] = ()

    def to_object(self) -> Object:
        """Return the members of the canonical object, without salt and index."""
        return {"key": self.key, "deniers": [denier.to_object() for denier in self.deniers]}

    def has(self, principal_id: str) -> bool:
        """Tell whether this principal denies."""
        return self._of(principal_id) is not None

    def denied(self, verified: VerifiedApproval) -> Denial:
        """Return the denial with one more denier; saying it twice changes nothing, but for signing what was said."""
        approval = verified.approval
        if approval.decision is not ApprovalDecision.DENY:
            raise TypeError("only a deny denies")
        signed = verified.assurance > SESSION
        standing = self._of(approval.approver)
        if standing is not None:
            stronger = replace(standing, signed=standing.signed or signed)
            return Denial(key=self.key, deniers=tuple(stronger if each is standing else each for each in self.deniers))
        denier = Denier(
            approver=approval.approver,
            run_id=approval.run_id,
            approval_digest=verified.digest,
            denied_at=verified.recorded_at,
            signed=signed,
        )
        return Denial(key=self.key, deniers=(*self.deniers, denier))

    def withdrawn(self, verified: VerifiedApproval) -> Denial:
        """Return the denial without the one who withdraws.

        Raise `DeniedError`: `APPROVER_INELIGIBLE` if they do not deny, as nobody withdraws for another, and
        `APPROVAL_ASSURANCE_LOW` where a session would take back what was signed.
        """
        approval = verified.approval
        if approval.decision is not ApprovalDecision.WITHDRAW:
            raise TypeError("only a withdraw withdraws")
        standing = self._of(approval.approver)
        if standing is None:
            raise _nothing_to_withdraw(approval.approver)
        if standing.signed and verified.assurance <= SESSION:
            raise DeniedError(
                "APPROVAL_ASSURANCE_LOW",
                f"{approval.approver} signed the denial, and takes it back by a signature only",
                hint=f"placet deny {approval.run_id} --withdraw --as {approval.approver} --key FILE",
            )
        return Denial(key=self.key, deniers=tuple(each for each in self.deniers if each is not standing))

    def _of(self, principal_id: str) -> Denier | None:
        return next((denier for denier in self.deniers if denier.approver == principal_id), None)


def withdraw(denials: Iterable[Denial], verified: VerifiedApproval) -> tuple[Denial, ...]:
    """Return those of `denials` that change when `verified` withdraws, each without its denier.

    A new plan may share some anchor keys with the denied one and not others: whoever denies under
    any of them may withdraw there. Raise `DeniedError` (`APPROVER_INELIGIBLE`) if it is none, and as
    `Denial.withdrawn`.
    """
    theirs = [denial for denial in denials if denial.has(verified.approval.approver)]
    if not theirs:
        raise _nothing_to_withdraw(verified.approval.approver)
    return tuple(denial.withdrawn(verified) for denial in theirs)


def denial_keys(operation: Operation, archive_sha256: str = "") -> tuple[str, ...]:
    """Return the anchor keys that a denial of `operation` is written to and a new plan is checked against.

    One for each artifact, or one for subject and params where there are none; whatever the mode. Texts
    are no artifacts here: "Bug fixes." is the text of many releases.
    `archive_sha256`, the hex digest of the unstamped tar stream, adds one that outlives a new
    certificate and stamp, which change the artifacts' digests.
    """
    texts = check_operation(operation)
    keys = {f"denial/artifact/{artifact.sha256}" for artifact in operation.artifacts if artifact not in texts}
    if not keys:
        digest = separated_digest("denial", "none", operation.wanted)
        keys = {f"denial/effect/{digest.removeprefix('sha256:')}"}
    if archive_sha256:
        keys.add(f"denial/archive/{archive_sha256}")
    return tuple(sorted(keys))


def read_denial(record: Record) -> Denial:
    """Return the denial whose members `record` holds, and nothing else."""
    denial = Denial(
        key=record.text("key", r"denial/(artifact|effect|archive)/[0-9a-f]{64}"),
        deniers=record.list_of("deniers", _read_denier),
    )
    record.end()
    return denial


def _read_denier(value: Value) -> Denier:
    record = Record(value, what="denier", code=_CODE)
    if unsigned := record.holds("signed"):
        record.constant("signed", expected=False)
    denier = Denier(
        approver=record.text("approver", PERSON),
        run_id=record.text("run_id", RUN_ID),
        approval_digest=record.digest("approval_digest"),
        denied_at=record.instant("denied_at"),
        signed=not unsigned,
    )
    record.end()
    return denier


def _nothing_to_withdraw(approver: str) -> DeniedError:
    return DeniedError(
        "APPROVER_INELIGIBLE",
        f"{approver} does not deny this, and so has nothing to withdraw",
        hint="only who denied can withdraw the denial",
    )
