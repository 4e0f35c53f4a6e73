from __future__ import annotations

import pytest

from placet.domain.values.published_text import LIMIT_BYTES, check_title, read_published_text
from placet.errors import InvalidInputError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# 1.0.0\n\n- a *list*\n\t- with a tab\n",
        "thanks to @alice, see #12 and @acme/tool",
        "caf\u00e9 \U0001f469\u200d\U0001f680 \u65e5\u672c\u8a9e",
        "a < b! and <b>bold</b>",
        "mail alice@everyone.example.com, @everyones, npm i @all/here",
        "x" * LIMIT_BYTES,
    ],
)
def test_ordinary_text_is_published_as_it_is(text: str) -> None:
    assert read_published_text(text.encode()) == text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b"\xed\xa0\x80", id="half a pair"),
        pytest.param(b" x", id="begins with a blank"),
        pytest.param(b"\nx", id="begins with a line feed"),
        pytest.param(b"x\r\n", id="carriage return"),
        pytest.param(b"x\x00", id="NUL"),
        pytest.param(b"x\x1b[31m", id="escape"),
        pytest.param(b"x" * (LIMIT_BYTES + 1), id="too long"),
        *(
            pytest.param(f"x{mark}y".encode(), id=f"U+{ord(mark):04X}")
            for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u200c\u2060"
            "\ufeff\u00ad\u2028\u2029\u0085\ue000\U000e0041"
        ),
        pytest.param(b"x <!-- placet run 1 -->", id="comment"),
        pytest.param(b"x <!doctype html>", id="declaration"),
        pytest.param(b"x <?php ?>", id="instruction"),
        pytest.param(b"hello @everyone", id="everyone"),
        pytest.param(b"@Here we go", id="here"),
        pytest.param(b"(@channel)", id="channel"),
        pytest.param(b"to @all.", id="all"),
    ],
)
def test_what_readers_do_not_see_or_did_not_ask_for_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="TEXT_UNSAFE"):
        read_published_text(content)


@pytest.mark.parametrize("title", ["two\nlines", "a\ttab"])
def test_a_title_has_one_line(title: str) -> None:
    with pytest.raises(InvalidInputError, match="TEXT_UNSAFE"):
        check_title(title)


def test_an_ordinary_title_is_published_as_it_is() -> None:
    assert check_title("tool 1.0.0 (caf\u00e9)") == "tool 1.0.0 (caf\u00e9)"
