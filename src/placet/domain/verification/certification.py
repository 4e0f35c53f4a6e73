"""Step 6: the certificate, judged at the log's time of the executed receipt, and how it was issued (protocol 8)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from cryptography import x509
from msgspec import Struct

from placet.domain.authorization.operation import Operation
from placet.domain.certificate.chain import CheckedLeaf, check_chain
from placet.domain.certificate.keys import public_key_digest
from placet.domain.certificate.profile import fingerprint
from placet.domain.encoding.pem import read_certificate_der
from placet.domain.log.certificate_records import CertificateIssued, read_certificate_issued
from placet.domain.log.record_types import EntryType
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import OperationKind
from placet.domain.verification.bundle import Bundle
from placet.domain.verification.evidence import Evidence, Found
from placet.domain.verification.publication import Published, Spent, receipt_from
from placet.errors import InvalidInputError, VerificationError


class Certified(Struct, frozen=True, kw_only=True):
    """A certificate whose chain was good, with the receipt that was spent on issuing it."""

    leaf: CheckedLeaf
    fingerprint: Digest
    spent: Spent


def check_certified(
    bundle: Bundle, published: Published, evidence: Evidence, roots: Collection[x509.Certificate]
) -> Certified:
    """Return the certificate of a publication.

    It chained to a trusted root when the receipt was executed; the log issued it, in the same run,
    before the publication was planned; its own plan asked for this key and this archive. Raise
    `VerificationError` as `check_chain`, and CERTIFICATE_UNTRUSTED, CERTIFICATE_SUBJECT_MISMATCH,
    EVIDENCE_MISSING; `InvalidInputError` for what is no certificate.
    """
    leaf, intermediate = read_certificate_der(bundle.leaf), read_certificate_der(bundle.intermediate)
    checked = check_chain(leaf, intermediate, roots, at=published.outcome.time)
    if checked.subject.certificate_id != published.operation.certificate_id:
        _refuse("CERTIFICATE_SUBJECT_MISMATCH", "the publication was planned with another certificate")
    issued = evidence.need(
        [EntryType.CERTIFICATE_ISSUED],
        read_certificate_issued,
        lambda record: record.certificate_id == checked.subject.certificate_id,
        what=f"that the log issued {checked.subject.certificate_id}",
    )
    if (issued.record.fingerprint, issued.record.issuer_fingerprint) != (fingerprint(leaf), fingerprint(intermediate)):
        _refuse("CERTIFICATE_UNTRUSTED", "the log issued another certificate under this id, or with another issuer")
    spent = _spent(issued, published)
    _check_asked_for(spent.operation, checked, published)
    return Certified(leaf=checked, fingerprint=issued.record.fingerprint, spent=spent)


def _spent(issued: Found[CertificateIssued], published: Published) -> Spent:
    plan = published.certification
    if not plan.created.seq < issued.seq < published.plan.created.seq:
        raise InvalidInputError("BUNDLE_MALFORMED", "the certificate was not issued between its plan and the next")
    receipt = receipt_from(issued.record.receipt)
    operation = plan.plan.operation(receipt.operation_id)
    if operation is None or operation.operation_kind is not OperationKind.ISSUE_CERTIFICATE:
        _refuse("OPERATION_MISMATCH", "the certificate's receipt is for no operation that issues one")
    if issued.time >= receipt.expires_at:
        _refuse("RECEIPT_EXPIRED", f"the receipt {receipt.receipt_id} was spent after it had expired")
    return Spent(receipt=receipt, operation=operation, plan=plan, issued_seq=issued.seq)


def _check_asked_for(operation: Operation, leaf: CheckedLeaf, published: Published) -> None:
    binding = leaf.subject.binding
    asked = (
        operation.subject.name,
        operation.subject.version,
        operation.params.get("tar_sha256"),
        operation.params.get("key_origin"),
        operation.params.get("public_key_digest"),
    )
    subject = published.operation.subject
    made = (subject.name, subject.version, binding.tar_sha256, binding.key_origin, public_key_digest(leaf.key))
    if asked != made:
        _refuse("CERTIFICATE_SUBJECT_MISMATCH", "the certificate is not the one that its plan asked for")


def _refuse(code: str, reason: str) -> NoReturn:
    raise VerificationError(code, reason)
