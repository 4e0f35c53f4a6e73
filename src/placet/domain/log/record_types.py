"""The types of the entries that evidence relies on, and what their `data` holds (protocol 7 and 8).

The Core writes entries with these records, the verifier reads them with the same. What an entry
carries is small: texts of more than a line (plans, policies, certificates) are named by digest
and travel beside the entries in a bundle. Receipts and approvals stand in their entries whole,
as the objects that they are; their own modules read them.

| type | record | written when |
|---|---|---|
| `policy.activated` | `decision_records.PolicyActivated` | a policy comes into force |
| `principal.enrolled` | `decision_records.PrincipalEnrolled` | a principal is enrolled, or a new set of its keys |
| `principal.changed` | `decision_records.PrincipalEnrolled` | its role or its keys change |
| `plan.created` | `decision_records.PlanCreated` | a plan is stored |
| `approval.recorded` | `decision_records.ApprovalRecorded` | an approval, denial or withdrawal arrives |
| `receipt.issued` | `receipt_records.ReceiptIssued` | a receipt is minted for an operation at the port |
| `receipt.reserved` | `receipt_records.ReceiptReserved` | it is consumed |
| `OUTCOME_TYPES` | `receipt_records.OutcomeRecorded` | what became of the effect is known |
| `package.certificate.issued` | `certificate_records.CertificateIssued` | with it its receipt is consumed |
| `certificate.revoked` | `certificate_records.CertificateRevoked` | likewise |
"""

from __future__ import annotations

from enum import StrEnum

CODE = "ENTRY_DATA_MALFORMED"
"""What every reader of an entry's `data` refuses with."""
ID = r"[!-~]{1,128}"
"""The loosest form of an identifier in an entry; the objects' own readers know the exact one."""


class EntryType(StrEnum):
    """The types of entries that evidence relies on. Others may stand in the ledger; no verdict reads them."""

    POLICY_ACTIVATED = "policy.activated"
    PRINCIPAL_ENROLLED = "principal.enrolled"
    PRINCIPAL_CHANGED = "principal.changed"
    PLAN_CREATED = "plan.created"
    APPROVAL_RECORDED = "approval.recorded"
    RECEIPT_ISSUED = "receipt.issued"
    RECEIPT_RESERVED = "receipt.reserved"
    RECEIPT_EXECUTED = "receipt.executed"
    RECEIPT_FAILED = "receipt.failed"
    RECEIPT_INDETERMINATE = "receipt.indeterminate"
    RECEIPT_CONFLICT = "receipt.conflict"
    PACKAGE_PUBLISHED = "package.published"
    CERTIFICATE_ISSUED = "package.certificate.issued"
    CERTIFICATE_REVOKED = "certificate.revoked"


OUTCOME_TYPES = frozenset(
    {
        EntryType.RECEIPT_EXECUTED,
        EntryType.RECEIPT_FAILED,
        EntryType.RECEIPT_INDETERMINATE,
        EntryType.RECEIPT_CONFLICT,
        EntryType.PACKAGE_PUBLISHED,
    }
)
"""Types whose data is an `OutcomeRecorded`; an executed `publish_package` is `package.published`."""
