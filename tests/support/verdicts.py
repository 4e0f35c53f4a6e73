"""Asking the verifier about a story, and the ways in which stories are bent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from placet.domain.verification.bundle import Bundle
from placet.domain.verification.verdict import VerdictError
from placet.domain.verification.verifier import NOTHING, Held, verify_bundle
from support.publication import Story, story, trust_root
from support.small_log import START

ROOT = trust_root()
ID = "CERT-PKG-20260102-001"
PUBLISHED_AT = START + timedelta(seconds=5 + 14)


def refused(bundle: Bundle | bytes, held: Held = NOTHING, **options: Any) -> VerdictError:
    """Return the refusal of a bundle; a verdict fails the test."""
    encoded = bundle if isinstance(bundle, bytes) else bundle.encode()
    with pytest.raises(VerdictError) as caught:
        verify_bundle(encoded, options.pop("root", ROOT), held, **options)
    return caught.value


def code_of(told: Story, **options: Any) -> str:
    """Return the code with which a story's bundle is refused."""
    return refused(told.bundle(), **options).code


def with_plan(number: int, change: Callable[[Any], Any]) -> Story:
    """Return a story whose plan is another, recorded as such; nothing else follows it."""
    told = story()
    told.plans[number] = change(told.plans[number])
    name = ("certification planned", "publication planned")[number]
    return told.change(name, plan_digest=told.plans[number].digest(), run_id=told.plans[number].run_id)


def lifetime(expires_at: str) -> dict[str, str]:
    """Return the times of a receipt that ended early."""
    begin = "2026-01-02T03:10:00.000Z"
    return {"issued_at": begin, "not_before": begin, "expires_at": expires_at}
