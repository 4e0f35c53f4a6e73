from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from placet.domain.authorization.pattern import parse_pattern

LETTERS = "ab/:"
texts = st.text(LETTERS, max_size=12)
patterns = st.lists(st.sampled_from([*LETTERS, "*", "**"]), min_size=1, max_size=10).map("".join)


def oracle(pattern: str) -> re.Pattern[str]:
    """Return the regular expression that says the same, for short patterns where it may backtrack."""
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts), re.DOTALL)


@given(patterns, texts)
def test_a_pattern_says_what_its_regular_expression_says(pattern: str, text: str) -> None:
    parsed = parse_pattern(pattern)

    assert (parsed is None) == ("***" in pattern)
    assert parsed is None or parsed.matches(text) == bool(oracle(pattern).fullmatch(text))


@given(patterns, st.lists(texts, min_size=10, max_size=10), st.integers(0, 11), st.sampled_from(LETTERS))
def test_a_text_that_nearly_fits_is_judged_as_its_regular_expression_does(
    pattern: str, between: list[str], position: int, letter: str
) -> None:
    parts = re.split(r"\*+", pattern)
    text = "".join(each for pair in zip(parts, between, strict=False) for each in pair)
    changed = text[:position] + letter + text[position + 1 :]
    parsed = parse_pattern(pattern)

    assert parsed is None or parsed.matches(changed) == bool(oracle(pattern).fullmatch(changed))


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_pattern_is_total(pattern: str, text: str) -> None:
    parsed = parse_pattern(pattern)

    assert parsed is None or parsed.matches(text) in {True, False}


@given(st.text("abc/", min_size=1, max_size=20))
def test_a_pattern_without_stars_matches_itself_alone(text: str) -> None:
    parsed = parse_pattern(text)

    assert parsed is not None
    assert parsed.matches(text)
    assert not parsed.matches(text + "a")
