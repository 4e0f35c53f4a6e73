"""What keys and sessions are shown by: one spelling, known by its digest alone (contract 1)."""

from __future__ import annotations

import pytest

from placet.domain.authorization.shown_token import RANDOM_BYTES, CredentialKind, make_token, parse_token
from placet.domain.values.digest import sha256

RANDOM = bytes(range(RANDOM_BYTES))
LETTERS = 50
KINDS = pytest.mark.parametrize("kind", CredentialKind)


def prefix(kind: CredentialKind) -> str:
    return f"placet_{kind.value}_"


@KINDS
def test_a_token_is_read_back_from_what_is_shown_and_known_by_its_digest_alone(kind: CredentialKind) -> None:
    shown, token = make_token(kind, RANDOM)

    assert parse_token(shown) == token
    assert token.digest == sha256(shown.encode())
    assert shown.startswith(prefix(kind) + token.token_id)
    assert token.credential_id == f"{kind.value}_{token.token_id}"
    assert shown not in repr(token)


@KINDS
def test_other_randomness_is_another_token_under_another_id(kind: CredentialKind) -> None:
    ids = {make_token(kind, RANDOM[:at] + b"\xff" + RANDOM[at + 1 :])[1].token_id for at in range(16, 32)}

    assert len(ids) == len(range(16, 32))


@KINDS
@pytest.mark.parametrize("at", range(LETTERS))
def test_one_wrong_character_makes_it_none(kind: CredentialKind, at: int) -> None:
    shown, _ = make_token(kind, RANDOM)
    place = len(prefix(kind)) + at
    wrong = "0" if shown[place] != "0" else "1"

    assert parse_token(shown[:place] + wrong + shown[place + 1 :]) is None


@KINDS
def test_a_token_is_of_its_kind_alone(kind: CredentialKind) -> None:
    shown, token = make_token(kind, RANDOM)
    (other,) = set(CredentialKind) - {kind}

    read = parse_token(shown.replace(prefix(kind), prefix(other)))

    assert read is not None
    assert (read.kind, read.digest == token.digest) == (other, False)


@pytest.mark.parametrize(
    "text",
    ["", "placet_key_", "placet_boot_0123", "placet_key_" + "é" * 50, "placet_key_" + "0" * 49, "placet_x_" + "0" * 50],
)
def test_what_has_another_form_is_none(text: str) -> None:
    assert parse_token(text) is None


@KINDS
def test_a_shown_token_with_anything_around_it_is_none(kind: CredentialKind) -> None:
    shown, _ = make_token(kind, RANDOM)

    assert [parse_token(text) for text in (f" {shown}", f"{shown}\n", shown.upper())] == [None, None, None]
