"""A08: the receipt id in an audit record is edited, or any other byte of an entry that a bundle carries."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.domain.verification.bundle import Bundle
from placet.domain.verification.verdict import VerdictError
from placet.domain.verification.verifier import verify_bundle
from support.publication import story, trust_root

BUNDLE = story().bundle()
OTHER_RECEIPT = b"fc-receipt-20260102-031000-ffffffffffff"


def refusal(number: int, entry: bytes) -> str:
    entries = [replace(each, entry=entry) if at == number else each for at, each in enumerate(BUNDLE.entries)]
    return code_of(replace(BUNDLE, entries=tuple(entries)))


def code_of(bundle: Bundle) -> str:
    with pytest.raises(VerdictError) as refused:
        verify_bundle(bundle.encode(), trust_root())
    return refused.value.code


@pytest.mark.parametrize("number", [10, 11, 12, 13, 14])
def test_an_edited_receipt_id_is_found(number: int) -> None:
    entry = BUNDLE.entries[number].entry
    at = entry.index(b"fc-receipt-")
    edited = entry[:at] + OTHER_RECEIPT + entry[at + len(OTHER_RECEIPT) :]

    assert refusal(number, edited) == "PROOF_INVALID"


def test_any_edited_byte_of_the_outcome_is_found() -> None:
    number = len(BUNDLE.entries) - 1
    entry = BUNDLE.entries[number].entry
    edited = (entry[:at] + bytes([entry[at] ^ 1]) + entry[at + 1 :] for at in range(len(entry)))

    assert {refusal(number, each) for each in edited} == {"PROOF_INVALID", "BUNDLE_MALFORMED"}
