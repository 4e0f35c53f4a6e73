"""A59: patterns, versions and documents made to keep a parser busy."""

from __future__ import annotations

import time

import pytest

from placet.domain.authorization.pattern import parse_pattern
from placet.domain.authorization.policy_document import parse_policy
from placet.errors import InvalidInputError
from support.cpu import least_seconds

EVIL_PATTERNS = ["a*" * 255, "**a" * 170, "*a" * 255 + "b", "**/" * 170, "*/**/" * 100, "a**a*" * 100]


@pytest.mark.parametrize("pattern", EVIL_PATTERNS, ids=range(len(EVIL_PATTERNS)))
@pytest.mark.parametrize("text", ["a" * 512, "a/" * 256, "/" * 512, "a" * 511 + "!"], ids=["a", "a/", "/", "a!"])
def test_no_pattern_takes_longer_than_50_ms(pattern: str, text: str) -> None:
    parsed = parse_pattern(pattern)
    assert parsed is not None

    assert least_seconds(lambda: parsed.matches(text), enough=0.05) < 0.05


def test_matching_is_linear_in_the_text() -> None:
    parsed = parse_pattern("*a" * 200 + "b")
    assert parsed is not None

    def cost(length: int) -> float:
        started = time.process_time()
        for _ in range(20):
            parsed.matches("a" * length)
        return time.process_time() - started

    cost(100)
    short, long = min(cost(500) for _ in range(5)), min(cost(4000) for _ in range(5))

    assert long < short * 8 * 3


@pytest.mark.parametrize(
    "document",
    [
        "a" + ".a" * 32_000 + "=1",
        "\n".join(f"k{number}" + ".a" * 120 + "=1" for number in range(250)),
        "version=" + "[" * 60_000,
        "version=[\n" + ("[" * 200 + "\n") * 300,
        "version=0x" + "f" * 60_000,
        "version=" + "9" * 200 + "\n" * 60_000,
        "[[rule]]\n" * 7000,
        "".join(f"[a{number}]\n" for number in range(7000)),
    ],
    ids=["one key", "many keys", "one line", "nesting", "hexadecimal", "empty lines", "rules", "tables"],
)
def test_no_policy_takes_longer_than_a_second(document: str) -> None:
    def parse() -> None:
        with pytest.raises(InvalidInputError) as caught:
            parse_policy(document.encode())
        assert caught.value.code == "POLICY_INVALID"

    assert least_seconds(parse, enough=1) < 1
