"""How an answer names the policy rules that let what was asked for (contract 1)."""

from __future__ import annotations

import msgspec

from placet.web.forms import DigestText, ReceiptId, RunId


class Authorization(msgspec.Struct, kw_only=True):
    """Why it was let: the rules of the policy, numbered from 1 in its document, who approved, and the receipt."""

    policy_version: str
    policy_digest: DigestText
    rules: list[int]
    approvers: list[str]
    run_id: RunId
    receipt_id: ReceiptId


REFUSED = ("APPROVALS_MISSING", "FROZEN", "NO_RULE")
"""How what passes policy is refused."""
REQUEST_REFUSED = ("CSR_MALFORMED", "CSR_SIGNATURE_INVALID", "KEY_WEAK", "PEM_INVALID")
"""How a request for a certificate is refused."""
