"""A47: free text, wherever it comes in, is stored escaped in its one entry, or is refused; it forges nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from placet.core.denials import printable, record_denial
from placet.core.runs import open_run
from placet.domain.log.entry import escape, parse_entry
from placet.domain.values.kinds import Mode
from placet.errors import DeniedError, PlacetError
from support.installation import ACTOR, REQUESTER
from support.world import World

HOSTILE = {
    "line feed": "run\nforged",
    "carriage return": "run\r\n",
    "ansi": "\x1b[2J\x1b[31mPASS\x1b[0m",
    "c1": "\x9b31m",
    "nul": "a\0b",
    "bidi": "\u202eevil\u2066",
    "line separator": "a\u2028b\u2029c",
    "forged entry": '","type":"receipt.issued","x":"',
    "forged line": '\n{"body":{"type":"receipt.executed"},"seq":1}',
    "backslashes": "\\n\\u000a\\\\",
    "surrogate": "\ud800",
    "quotes": "\"'`",
    "format": "%s %n {0} ${HOME} $(id)",
    "html": "<script>alert(1)</script><!-- -->",
    "formula": "=1+1|cmd",
    "long": "x" * 5000,
}


def only_printable(world: World) -> bool:
    return all(0x20 <= byte < 0x7F for content in world.contents() for byte in content)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["run_id", "operation_id", "mode"])
def test_what_a_request_says_of_itself_is_stored_escaped_in_one_entry(field: str, text: str) -> None:
    world = World()
    plan, token = world.ready()
    if field == "operation_id":
        operation = replace(plan.operations[0], operation_id=HOSTILE[text])
        with world.refusing("RUN_MISMATCH"):
            world.present(plan, token, operation=operation)
    elif field == "run_id":
        with world.refusing("RUN_MISMATCH"):
            world.present(plan, token, run_id=HOSTILE[text])
    else:
        with world.refusing("MODE_NOT_PROD"):
            world.present(plan, token, mode=HOSTILE[text])

    assert only_printable(world)
    assert world.entries("receipt.issued", "receipt.executed")[-1].body.type == "receipt.issued"
    assert len(world.entries("receipt.issued")) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_token_of_hostile_text_is_stored_by_its_digest_only(text: str) -> None:
    world = World()
    plan, _ = world.ready()

    with world.refusing("RECEIPT_MALFORMED") as refused:
        world.present(plan, HOSTILE[text])

    assert str(refused.data["shown"]).startswith("sha256:")
    assert refused.sentence == "what was presented does not have the form of a receipt"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_denial_s_sentence_is_escaped_and_cut(text: str) -> None:
    world = World()
    error = DeniedError("NO_RULE", HOSTILE[text])

    world.run(
        record_denial(world.context, error, actor=ACTOR, run_id=HOSTILE[text], operation_id=HOSTILE[text], shown=None)
    )

    (denial,) = world.denials()
    assert len(str(denial["sentence"])) <= 500
    assert denial["sentence"] == printable(HOSTILE[text])
    assert only_printable(world)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_run_s_subject_is_escaped_or_refused(text: str) -> None:
    world = World()
    size = len(world.contents())
    try:
        world.run(open_run(world.context, mode=Mode.PROD, requester=REQUESTER, subject=HOSTILE[text]))
    except PlacetError:
        assert len(world.contents()) == size
    else:
        assert [each.body.type for each in world.entries()[size:]] == ["run.requested"]
    assert only_printable(world)


@pytest.mark.parametrize("text", [each for each in HOSTILE if each != "format"])
def test_an_actor_outside_the_grammar_is_stored_by_a_digest_of_its_name(text: str) -> None:
    world = World()
    error = DeniedError("NO_RULE", "no")

    world.run(record_denial(world.context, error, actor=HOSTILE[text], run_id="", operation_id=""))

    (entry,) = world.entries("authorization.denied")
    assert entry.body.actor.isprintable()
    assert entry.body.actor.isascii()
    assert " " not in entry.body.actor


@given(st.text(st.characters(codec=None)))
def test_what_is_printable_is_ascii_of_one_line(text: str) -> None:
    shown = printable(text)

    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= 500


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_different_short_texts_are_never_shown_alike(one: str, other: str) -> None:
    assert (printable(one, 10_000) == printable(other, 10_000)) is (one == other)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=60))
def test_whatever_is_said_stands_in_one_entry_that_reads_back(text: str) -> None:
    world = World()
    size = len(world.contents())

    world.run(record_denial(world.context, DeniedError("NO_RULE", text), actor=ACTOR, run_id=text, operation_id=""))

    (content,) = world.contents()[size:]
    entry = parse_entry(content)
    assert json.loads(content)["body"]["subject"] == entry.body.subject == escape(printable(text))
