"""The checks stand in the specification, in the code and in the tests in the same order, with the same codes."""

from __future__ import annotations

import re

from architecture.tree import ROOT
from placet.domain.authorization.checks import NAMES, NUMBERS
from support.refusals import CHECK_OF

ELSEWHERE = {"AUDIT_UNAVAILABLE", "SEALED"}
"""Codes of check 0 that show when the ledger takes no entry, so that no denial can be recorded."""
NOT_YET = {"STALE_WINDOW"}
"""Codes of windows, which no operation of this version has."""

_ROW = re.compile(r"^\| \**([0-9][a-c]?)\** \|.+\|([^|]+)\|$", re.MULTILINE)
_CODE = re.compile(r"[A-Z][A-Z_]+[A-Z]")


def rows() -> list[tuple[str, list[str]]]:
    """Return number and codes of each row of the protocol's check table."""
    text = (ROOT / "docs/spec/protocol.md").read_text(encoding="utf-8")
    section = text.partition("## 4. The checks")[2].partition("\n## 5.")[0]
    return [(number, _CODE.findall(codes)) for number, codes in _ROW.findall(section)]


def test_the_checks_are_those_of_the_protocol_in_its_order() -> None:
    assert [number for number, _ in rows()] == list(NUMBERS)
    assert list(NAMES) == list(NUMBERS)


def test_every_code_of_the_protocol_s_table_is_expected_of_its_check() -> None:
    codes = {code: number for number, several in rows() for code in several}

    assert {code: codes[code] for code in codes if code not in ELSEWHERE | NOT_YET} == CHECK_OF


def test_every_code_of_the_table_is_met_by_attack_tests() -> None:
    attacks = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/attacks").glob("*.py"))

    assert [code for code in [*CHECK_OF, *ELSEWHERE] if f'"{code}"' not in attacks] == []
