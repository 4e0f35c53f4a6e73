"""Digests, and the closed vocabularies of the protocol."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.values.digest import parse_digest, salted_digest, separated_digest, sha256
from placet.domain.values.kinds import CORE_KINDS, WRITTEN_ONCE, OperationKind
from placet.errors import InvalidInputError

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_digest_is_the_algorithm_and_lower_case_hex() -> None:
    assert sha256(b"") == EMPTY
    assert parse_digest(EMPTY) == EMPTY


@pytest.mark.parametrize(
    "text",
    ["", "sha256:", EMPTY[7:], EMPTY.upper(), EMPTY + "0", EMPTY[:-1], EMPTY + "\n", " " + EMPTY, "sha1:" + "0" * 40],
)
def test_no_other_spelling_is_a_digest(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_digest(text)

    assert caught.value.code == "DIGEST_INVALID"


def test_a_digest_is_separated_by_type_and_mode_as_the_protocol_writes_it() -> None:
    plain = b"placet/plan/v1/prod\0{}"

    assert separated_digest("plan", "prod", b"{}") == "sha256:" + hashlib.sha256(plain).hexdigest()


@given(
    st.lists(
        st.tuples(st.sampled_from(["plan", "approval", "receipt"]), st.sampled_from(["prod", "dry_run", "none"])),
        min_size=2,
        max_size=2,
        unique=True,
    ),
    st.binary(max_size=40),
)
def test_the_same_bytes_of_another_type_or_mode_have_another_digest(two: list[tuple[str, str]], content: bytes) -> None:
    one, other = two

    assert separated_digest(*one, content) != separated_digest(*other, content)


def test_erasable_content_is_named_by_its_salt_and_itself() -> None:
    assert salted_digest(b"salt", b"content") == sha256(b"saltcontent")
    assert salted_digest(b"other", b"content") != salted_digest(b"salt", b"content")


def test_every_kind_is_performed_either_here_or_at_a_provider() -> None:
    outside = set(OperationKind) - CORE_KINDS

    assert outside == {
        OperationKind.PUBLISH_PACKAGE,
        OperationKind.PUT_OBJECT,
        OperationKind.TAG_REPO,
        OperationKind.PUBLISH_RELEASE,
        OperationKind.OPEN_PR,
    }
    assert outside - WRITTEN_ONCE == {OperationKind.OPEN_PR}  # GitHub lets one stand open between two branches
