"""How an answer names the policy rules that let what was asked for (contract 1)."""

from __future__ import annotations

import msgspec


class Authorization(msgspec.Struct, kw_only=True):
    """Why it was let: the rules of the policy, numbered from 1 in its document, who approved, and the receipt."""

    policy_version: str
    policy_digest: str
    rules: list[int]
    approvers: list[str]
    run_id: str
    receipt_id: str
