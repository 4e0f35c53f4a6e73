"""Every failure that a person can meet ends with something to do: each code has a default hint, in one table only."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from placet.cli.hints import HINTS, default_hint, hint_for
from placet.domain.authorization.explanations import EXPLANATIONS
from placet.errors import ConfigurationError, DeniedError, VerificationError

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tools" / "reference.py"
ONLY_EXPLAINED = {"EVIDENCE_TOO_LOW", "STALE_WINDOW"}
"""Codes of the protocol that block, and that nothing raises yet."""


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def codes() -> set[str]:
    return set(reference().codes_in_the_code())


def test_every_code_in_the_code_has_a_default_hint() -> None:
    assert sorted(code for code in codes() if not default_hint(code)) == []


def test_no_hint_is_for_a_code_that_nothing_raises() -> None:
    assert sorted((HINTS.keys() | EXPLANATIONS.keys()) - codes()) == sorted(ONLY_EXPLAINED)


def test_a_code_stands_in_one_table_only() -> None:
    assert HINTS.keys() & EXPLANATIONS.keys() == set()


def test_a_hint_is_one_printable_line_that_begins_with_a_word_and_has_no_full_stop() -> None:
    for code, hint in HINTS.items():
        assert re.fullmatch(r"[a-z][ -~]{8,110}", hint), code
        assert not hint.endswith("."), code


def test_what_was_said_where_it_failed_goes_before_the_table() -> None:
    assert hint_for(ConfigurationError("HOME_MISSING", "it is gone", hint="look here")) == "look here"
    assert hint_for(ConfigurationError("HOME_MISSING", "it is gone")) == HINTS["HOME_MISSING"]


def test_evidence_that_fails_by_a_code_that_blocks_runs_is_not_answered_with_resuming_a_run() -> None:
    blocked = hint_for(DeniedError("RECEIPT_EXPIRED", "it ran out"))
    unproven = hint_for(VerificationError("RECEIPT_EXPIRED", "it had run out"))

    assert "placet run resume RUN" in blocked
    assert unproven.startswith("do not rely on it")


def test_even_a_code_that_nobody_knows_gets_a_hint() -> None:
    assert hint_for(ConfigurationError("NEVER_HEARD_OF", "what?")) == "look the code up in docs/reference/codes.md"
