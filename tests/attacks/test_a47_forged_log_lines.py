"""A47: line breaks, escapes and forged JSON in free text become one escaped entry (protocol 7)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.log.entry import escape, parse_entry
from placet.errors import InvalidInputError
from support.ledgers import InMemory, nothing, put, run

NASTY = [
    "run\r\nSet-Cookie: a=b",
    "\x1b]0;owned\x07\x1b[2J",
    '"},"prev":"00","seq":9}\n{"body":{"actor":"person:mally"',
    '\\u0000\\n","type":"receipt.executed',
    "\u202egnp.exe \u2066 \ufeff \u200b",
    "\ud800\udfff",
    "</script><script>alert(1)</script>",
    "\x00" * 20,
]


async def recorded(subject: str) -> bytes:
    """Commit an entry with a subject; check that it is the only one, and return its bytes."""
    store = InMemory().create()
    committed = await put(store, 1, {}, subject=subject)
    assert committed.seq == 1
    assert (await nothing(store)).head.size == 2
    return [content async for content in store.entries(1, 9)][0]  # noqa: RUF015 - an asynchronous generator


def unescaped(text: str) -> str:
    """Read `escape` back, to show that it loses nothing."""
    found = re.compile(r"\\\\|\\u\{([0-9a-f]+)\}")
    return found.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\\", text)


@pytest.mark.parametrize("text", NASTY)
def test_injected_text_stays_one_printable_entry(text: str) -> None:
    content = run(recorded(text))
    assert re.fullmatch(rb"[ -~]+", content)
    body = parse_entry(content).body
    assert (body.actor, body.type, body.subject) == ("person:alice", "thing.written", escape(text))
    assert unescaped(body.subject) == text


@given(st.text(max_size=60))
def test_any_text_is_recorded_in_one_entry_and_reads_back(text: str) -> None:
    content = run(recorded(text))
    assert content.count(b"\n") == 0
    assert unescaped(parse_entry(content).body.subject) == text


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_different_texts_never_look_the_same(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@pytest.mark.parametrize("member", ["actor", "type"])
@pytest.mark.parametrize("text", NASTY)
def test_what_is_no_free_text_is_refused(member: str, text: str) -> None:
    async def work() -> None:
        store = InMemory().create()
        with pytest.raises(InvalidInputError) as refused:
            await put(store, 1, {}, **{member: text})
        assert refused.value.code == "CHANGE_INVALID"
        assert (await nothing(store)).head.size == 1

    run(work())


@pytest.mark.parametrize("text", [text for text in NASTY if not text.isascii() or not text.isprintable()])
def test_data_is_never_free_text(text: str) -> None:
    async def work() -> None:
        store = InMemory().create()
        with pytest.raises(InvalidInputError) as refused:
            await put(store, 1, {}, data={"user_agent": text})
        assert refused.value.code == "JSON_INVALID"
        assert (await nothing(store)).head.size == 1

    run(work())
