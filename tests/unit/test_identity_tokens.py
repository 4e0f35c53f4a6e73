"""Every claim of an identity token is required, checked where it is there, or knowingly ignored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.domain.authorization.identity_token import (
    CLAIMS,
    LEEWAY,
    OLDEST,
    Expected,
    Fate,
    IdentityToken,
    check_identity_token,
    fate_of,
)
from placet.domain.encoding.foreign_json import Json
from placet.errors import DeniedError
from support.governance import NOW

SECOND = NOW.replace(microsecond=0)
SHORT = timedelta(seconds=1)
AT = int(SECOND.timestamp())
EXPECTED = Expected(issuer="https://id.example.com", client_id="placet", nonce="n0nce", now=SECOND)
GOOD: dict[str, Json] = {
    "iss": "https://id.example.com",
    "aud": "placet",
    "azp": "placet",
    "sub": "alice",
    "nonce": "n0nce",
    "jti": "t-1",
    "iat": AT,
    "nbf": AT,
    "exp": AT + 300,
}


def subject(claims: dict[str, Json], expected: Expected = EXPECTED) -> str:
    return check_identity_token(claims, expected).subject


def refused(claims: dict[str, Json], expected: Expected = EXPECTED) -> str:
    with pytest.raises(DeniedError) as caught:
        check_identity_token(claims, expected)
    assert caught.value.code == "OIDC_INVALID"
    return caught.value.message


def test_a_token_for_us_and_for_now_says_who_signed_in() -> None:
    token = check_identity_token(GOOD, EXPECTED)

    assert token == IdentityToken(issuer="https://id.example.com", subject="alice", token_id="t-1")


def test_the_table_is_all_that_a_token_says() -> None:
    fates = {name: fate for name, (fate, _) in CLAIMS.items()}

    assert fates == {
        "iss": Fate.REQUIRED,
        "aud": Fate.REQUIRED,
        "azp": Fate.CHECKED,
        "exp": Fate.REQUIRED,
        "nbf": Fate.CHECKED,
        "iat": Fate.REQUIRED,
        "nonce": Fate.REQUIRED,
        "sub": Fate.REQUIRED,
        "jti": Fate.CHECKED,
    }
    assert (fate_of("iss"), fate_of("email"), fate_of("groups")) == (Fate.REQUIRED, Fate.IGNORED, Fate.IGNORED)


@pytest.mark.parametrize("name", [name for name, (fate, _) in CLAIMS.items() if fate is Fate.REQUIRED])
def test_a_required_claim_is_missed(name: str) -> None:
    assert name in refused({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize("name", [name for name, (fate, _) in CLAIMS.items() if fate is Fate.CHECKED])
def test_a_checked_claim_need_not_be_there(name: str) -> None:
    assert subject({key: value for key, value in GOOD.items() if key != name}) == "alice"


@pytest.mark.parametrize("name", list(CLAIMS))
@pytest.mark.parametrize("value", [None, True, [], {}, "", -1, 1.5, ["placet", "placet"]], ids=repr)
def test_a_claim_of_another_kind_is_refused(name: str, value: Json) -> None:
    assert name in refused({**GOOD, name: value})


@pytest.mark.parametrize("name", ["auth_time", "acr", "amr", "at_hash", "email", "groups", "sid", "__anything__"])
@pytest.mark.parametrize("value", [None, "x", ["admin"], {"a": 1}], ids=repr)
def test_what_is_knowingly_ignored_changes_nothing(name: str, value: Json) -> None:
    assert subject({**GOOD, name: value}) == "alice"


def test_an_audience_may_be_a_list_of_us_alone() -> None:
    others: list[Json] = [["placet", "other"], ["other"], [["placet"]], [], ["placet", "placet"]]

    assert subject({**GOOD, "aud": ["placet"]}) == "alice"
    for listed in others:
        assert "aud" in refused({**GOOD, "aud": listed})


@pytest.mark.parametrize(
    ("name", "holds", "fails"),
    [
        ("exp", -LEEWAY + SHORT, -LEEWAY),
        ("nbf", LEEWAY, LEEWAY + SHORT),
        ("iat", LEEWAY, LEEWAY + SHORT),
        ("iat", -OLDEST - LEEWAY, -OLDEST - LEEWAY - SHORT),
    ],
)
def test_times_hold_to_the_second_with_a_bounded_leeway(name: str, holds: timedelta, fails: timedelta) -> None:
    assert subject({**GOOD, name: AT + int(holds.total_seconds())}) == "alice"
    assert name in refused({**GOOD, name: AT + int(fails.total_seconds())})


def test_a_token_is_over_exactly_when_its_leeway_is() -> None:
    over = replace(EXPECTED, now=SECOND + timedelta(seconds=300) + LEEWAY)

    assert subject(GOOD, replace(over, now=over.now - timedelta(milliseconds=1))) == "alice"
    assert "exp" in refused(GOOD, over)


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [253_402_300_800, 2**53 - 1], ids=repr)
def test_a_time_that_no_calendar_has_is_refused(name: str, value: int) -> None:
    assert name in refused({**GOOD, name: value})
