"""A sign-in on its way: one secret of one browser gives everything that is bound to it."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.domain.authorization.sign_in import TIME, SignIn, parse_sign_in
from placet.errors import DeniedError
from support.governance import NOW

BEGUN = SignIn(issuer="https://id.example.com", begun_at=NOW, secret=bytes(range(32)))
MOMENT = timedelta(milliseconds=1)


def test_what_a_browser_keeps_reads_back() -> None:
    assert parse_sign_in(BEGUN.to_text()) == BEGUN


def test_the_three_values_differ_and_follow_from_all_that_was_begun() -> None:
    others = [
        replace(BEGUN, issuer="https://id.example.com/"),
        replace(BEGUN, begun_at=NOW + MOMENT),
        replace(BEGUN, secret=bytes(32)),
    ]
    values = [value for each in (BEGUN, *others) for value in (each.state, each.nonce, each.verifier)]

    assert len(set(values)) == len(values)
    assert all(len(value) == 43 for value in values)


def test_the_challenge_is_that_of_rfc_7636() -> None:
    digest = hashlib.sha256(BEGUN.verifier.encode()).digest()

    assert BEGUN.challenge == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_no_secret_is_shown() -> None:
    assert "secret" not in repr(BEGUN)


@pytest.mark.parametrize("after", [timedelta(0), TIME - MOMENT])
def test_an_answer_in_time_with_its_state_belongs_to_it(after: timedelta) -> None:
    BEGUN.check(BEGUN.state, NOW + after)


@pytest.mark.parametrize("state", ["", BEGUN.state[:-1], BEGUN.state.lower(), BEGUN.nonce, "\u00e4" * 43])
def test_an_answer_with_another_state_belongs_to_somebody_else(state: str) -> None:
    with pytest.raises(DeniedError, match="OIDC_INVALID"):
        BEGUN.check(state, NOW)


@pytest.mark.parametrize("after", [-MOMENT, TIME])
def test_an_answer_before_or_long_after_is_refused(after: timedelta) -> None:
    with pytest.raises(DeniedError, match="OIDC_INVALID"):
        BEGUN.check(BEGUN.state, NOW + after)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        BEGUN.to_text() + "?",
        BEGUN.to_text().replace("https", "HTTPS"),
        BEGUN.to_text()[1:],
        "2026-13-04T05:06:07.890Z" + BEGUN.to_text()[24:],
        BEGUN.to_text().replace("~", "~A", 1),
    ],
)
def test_what_no_browser_was_given_is_nothing(text: str) -> None:
    with pytest.raises(DeniedError, match="OIDC_INVALID"):
        parse_sign_in(text)
