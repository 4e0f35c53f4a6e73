"""Checkpoints: one spelling, one signature, one key."""

from __future__ import annotations

import base64

import pytest

from placet.domain.log.checkpoint import (
    Checkpoint,
    CheckpointKey,
    open_checkpoint,
    parse_origin,
    parse_vkey,
    sign_checkpoint,
)
from placet.errors import InvalidInputError, VerificationError
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER, SIGNER

KEPT = Checkpoint(origin=ORIGIN, size=1234, root=bytes(range(32)))
NOTE = sign_checkpoint(KEPT, SIGNER)


def key_line(key_id: str, content: bytes) -> str:
    return f"{ORIGIN}+{key_id}+{base64.b64encode(content).decode()}"


def refused(note: str, key: CheckpointKey = LOG_KEY) -> bool:
    try:
        open_checkpoint(note, key)
    except VerificationError as error:
        return error.code == "CHECKPOINT_INVALID"
    return False


def test_a_signed_checkpoint_opens_as_what_was_signed() -> None:
    assert open_checkpoint(NOTE, LOG_KEY) == KEPT


def test_the_note_is_spelled_as_c2sp_says() -> None:
    signature = base64.b64encode(LOG_KEY.key_id + SIGNER.sign(KEPT.text().encode())).decode()
    assert f"{ORIGIN}\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n\N{EM DASH} {ORIGIN} {signature}\n" == NOTE


def test_the_same_checkpoint_gives_the_same_note() -> None:
    assert sign_checkpoint(KEPT, SIGNER) == NOTE


def test_no_altered_character_is_accepted() -> None:
    for at, character in enumerate(NOTE):
        for other in {chr(ord(character) ^ 1), "\n", "A"} - {character}:
            assert refused(NOTE[:at] + other + NOTE[at + 1 :])


def test_no_flipped_bit_of_its_bytes_is_accepted() -> None:
    content = NOTE.encode()
    for at in range(len(content)):
        for bit in range(8):
            flipped = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
            assert refused(flipped.decode("utf-8", "replace"))


def test_every_cut_and_every_addition_is_refused() -> None:
    second = NOTE.splitlines(keepends=True)[-1]
    assert all(refused(NOTE[:at]) for at in range(len(NOTE)))
    for longer in (NOTE + "\n", NOTE + second, "\n" + NOTE, NOTE.replace("\n\n", "\nextension\n\n"), NOTE + "x" * 2000):
        assert refused(longer)


@pytest.mark.parametrize("size", ["01234", "+1234", "1_234", "-1", "", " 1234", "1234 ", "\u0661", "1" * 17])
def test_a_size_has_one_spelling(size: str) -> None:
    assert refused(NOTE.replace("\n1234\n", f"\n{size}\n"))


def test_a_root_of_another_length_is_refused() -> None:
    assert refused(sign_checkpoint(Checkpoint(origin=ORIGIN, size=1, root=bytes(31)), SIGNER))
    assert refused(sign_checkpoint(Checkpoint(origin=ORIGIN, size=1, root=bytes(33)), SIGNER))


def test_base64_has_one_spelling() -> None:
    root = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    for other in (root[:-2] + "9=", root[:-1], root + "=", root[:-1] + "==", "="):
        assert refused(NOTE.replace(root, other))


def test_another_logs_note_and_another_keys_note_are_refused() -> None:
    other = CheckpointKey(origin="other.example.com", public_key=SIGNER.public_key)
    assert refused(NOTE, other)
    assert refused(NOTE, CheckpointKey(origin=ORIGIN, public_key=OTHER_SIGNER.public_key))
    assert refused(sign_checkpoint(Checkpoint(origin="other.example.com", size=1, root=bytes(32)), SIGNER))


def test_a_signature_line_under_another_name_is_refused() -> None:
    assert refused(NOTE.replace(f"\N{EM DASH} {ORIGIN}", "\N{EM DASH} other.example.com"))


def test_a_forged_signature_under_our_key_id_is_refused() -> None:
    signature = base64.b64encode(LOG_KEY.key_id + bytes(64)).decode()
    assert refused(f"{KEPT.text()}\n\N{EM DASH} {ORIGIN} {signature}\n")


def test_a_verifier_key_line_reads_back() -> None:
    assert parse_vkey(LOG_KEY.vkey()) == LOG_KEY


@pytest.mark.parametrize(
    ("line", "origin", "key_id"),
    [
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann", "c74f20a3"),
        ("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "sum.golang.org", "033de0ae"),
    ],
)
def test_key_lines_of_other_logs_read_as_they_do_there(line: str, origin: str, key_id: str) -> None:
    key = parse_vkey(line)
    assert (key.origin, key.key_id.hex(), key.vkey()) == (origin, key_id, line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no key at all",
        LOG_KEY.vkey() + "\n",
        LOG_KEY.vkey().replace("+", "-", 1),
        key_line("00000000", bytes([1]) + LOG_KEY.public_key),
        key_line(LOG_KEY.key_id.hex(), bytes([2]) + LOG_KEY.public_key),
        key_line(LOG_KEY.key_id.hex(), bytes([1]) + LOG_KEY.public_key[:-1]),
        f"{ORIGIN}+{LOG_KEY.key_id.hex()}+=",
    ],
)
def test_other_key_lines_are_refused(line: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        parse_vkey(line)
    assert error.value.code == "CHECKPOINT_KEY_INVALID"


@pytest.mark.parametrize("text", ["", "with space", "with+plus", "a\n", "\u00e9", "x" * 257])
def test_an_origin_is_printable_and_without_space_or_plus(text: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        parse_origin(text)
    assert error.value.code == "ORIGIN_INVALID"


def test_an_origin_is_returned_as_it_is() -> None:
    assert parse_origin(ORIGIN) == ORIGIN
