"""A digest in words: the same for who asks and who approves, and for nobody else (protocol 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from placet.domain.authorization.phrase import WORDS, check_phrase, phrase
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError

DIGEST = sha256(b"abc")  # ba7816bf 8f01cfea 414140de …
VECTOR = "orchid hornet bishop panda ladder actor puppet sheriff daisy daisy dagger robin"


def test_the_phrase_is_the_vector_of_the_specification() -> None:
    assert phrase(DIGEST) == VECTOR


def test_there_is_one_word_for_each_byte_and_they_are_easy_to_tell_apart() -> None:
    assert len(WORDS) == 256
    assert sorted(WORDS) == WORDS
    assert len({word[:4] for word in WORDS}) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() and 4 <= len(word) <= 9 for word in WORDS)


def test_every_byte_of_the_first_twelve_changes_its_own_word() -> None:
    plain = phrase(DIGEST).split()
    digits = DIGEST.removeprefix("sha256:")
    for position in range(12):
        flipped = f"{int(digits[2 * position : 2 * position + 2], 16) ^ 1:02x}"
        other = phrase(Digest(f"sha256:{digits[: 2 * position]}{flipped}{digits[2 * position + 2 :]}")).split()
        assert [number for number in range(12) if plain[number] != other[number]] == [position]


@pytest.mark.parametrize(
    "heard",
    [VECTOR, VECTOR.upper(), VECTOR.replace(" ", "-"), f"  {VECTOR}.\n", VECTOR.replace(" ", ", ")],
)
def test_a_phrase_is_recognised_however_it_is_written(heard: str) -> None:
    check_phrase(heard, DIGEST)


@pytest.mark.parametrize(
    "heard",
    ["", " ", VECTOR.rpartition(" ")[0], f"{VECTOR} acid", " ".join(reversed(VECTOR.split())), phrase(sha256(b"x"))],
)
def test_another_phrase_is_refused(heard: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_phrase(heard, DIGEST)

    assert caught.value.code == "PHRASE_MISMATCH"


def test_the_specification_lists_the_same_words() -> None:
    page = (Path(__file__).parents[2] / "docs/spec/phrase-words.md").read_text()

    assert page.partition("```text\n")[2].partition("```")[0].split() == WORDS
