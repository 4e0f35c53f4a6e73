"""Ballots, and what is signed about them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from placet.domain.authorization.ballot import MOST_GROUPS
from placet.web.documents.strict import StrictBody
from placet.web.forms import DigestText, RunId


class BallotQuery(msgspec.Struct, kw_only=True):
    """For whom the ballot is."""

    approver: str = "person:nobody"


class BallotSent(msgspec.Struct, kw_only=True):
    """A plan to be approved: its canonical bytes, of which whoever signs makes text and digests again."""

    run_id: RunId
    plan: str
    policy_version: str
    plan_digest: DigestText
    shown_digest: DigestText
    text: str
    phrase: str
    demanded: list[str]
    groups: list[str]
    breaks_glass: str


class SignedApproval(StrictBody, kw_only=True):
    """An approval's canonical text, and the SSHSIG blob over its bytes (base64)."""

    approval: str
    signature: str


class Approvals(StrictBody, kw_only=True):
    """One decision of one person (approve, deny, withdraw), signed once for each group it is said for."""

    approvals: Annotated[list[SignedApproval], Meta(min_length=1, max_length=MOST_GROUPS)]


class Spoken(msgspec.Struct, kw_only=True):
    """What was recorded, and which approvals are missing still."""

    run_id: RunId
    decision: str
    approver: str
    groups: list[str]
    plan_digest: DigestText
    fingerprint: str
    phrase: str
    already: bool
    missing: list[str]


class SignedException(SignedApproval, kw_only=True):
    """A break-glass approval with the bytes of its justification (base64), which it names by digest."""

    justification: str


class Excepted(msgspec.Struct, kw_only=True):
    """What one person waived, and whether the glass is broken by it."""

    run_id: RunId
    approver: str
    waives: list[str]
    justification: str
    fingerprint: str
    expires_at: str
    broken: bool


class Waived(msgspec.Struct, kw_only=True):
    """What one person signed away, and why."""

    approver: str
    waives: list[str]
    justification: str
    text: str
    expires_at: str


class Exceptions(msgspec.Struct, kw_only=True):
    """Every exception that was signed for a run, and until when a review is owed."""

    run_id: RunId
    subject: str
    exceptions: list[Waived]
    broken: bool
    review_until: str


class Reviewed(msgspec.Struct, kw_only=True):
    """A review that was recorded."""

    run_id: RunId
    approver: str
    fingerprint: str
