"""The log's list of revocations: one spelling, one checkpoint, signed by the log's own key."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.encoding.jcs import encode_jcs
from placet.domain.log.checkpoint import Checkpoint, sign_checkpoint
from placet.domain.verification.revocation_list import (
    REVOCATION,
    RevocationList,
    open_revocations,
    parse_revocations,
    sign_revocations,
)
from placet.domain.verification.statement import IN_TOTO
from placet.errors import InvalidInputError, VerificationError
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER, SIGNER, START

CHECKPOINT = Checkpoint(origin=ORIGIN, size=9, root=bytes(range(32)))
SCHEMA = Path(__file__).parents[2] / "docs/spec/schemas/revocation-v1.json"


def revocation(number: int) -> Revocation:
    return Revocation(
        certificate_id=f"CERT-PKG-20260102-00{number}",
        reason=RevocationReason.SUPERSEDED,
        revoked_at=START,
        invalid_since=START - timedelta(days=1),
    )


LISTED = RevocationList(checkpoint=CHECKPOINT, known_to=START, revocations=(revocation(1), revocation(2)))


def changed(change: dict[str, Any], *path: str | int) -> bytes:
    document: Any = json.loads(LISTED.encode())
    place = document
    for step in path:
        place = place[step]
    place.update(change)
    return encode_jcs(document)


def test_a_list_has_the_form_of_in_toto_about_the_log_at_one_moment() -> None:
    members = json.loads(LISTED.encode())

    assert (members["_type"], members["predicateType"]) == (IN_TOTO, REVOCATION)
    assert members["subject"] == [{"name": ORIGIN, "digest": {"sha256": bytes(range(32)).hex()}}]


def test_a_list_comes_back_sorted() -> None:
    envelope = sign_revocations(CHECKPOINT, [revocation(2), revocation(1)], SIGNER, known_to=START)

    assert open_revocations(envelope, CHECKPOINT, LOG_KEY) == LISTED


def test_a_list_by_another_key_that_borrows_the_name_is_refused() -> None:
    envelope = sign_revocations(CHECKPOINT, [], OTHER_SIGNER, known_to=START)
    borrowed = type(envelope)(
        payload_type=envelope.payload_type,
        _payload=LISTED.encode(),
        keyid=LOG_KEY.vkey(),
        signature=envelope.signature,
    )

    with pytest.raises(VerificationError) as refused:
        open_revocations(borrowed, CHECKPOINT, LOG_KEY)

    assert refused.value.code == "SIGNATURE_INVALID"


@pytest.mark.parametrize(
    "other",
    [
        Checkpoint(origin=ORIGIN, size=10, root=CHECKPOINT.root),
        Checkpoint(origin=ORIGIN, size=9, root=bytes(32)),
        Checkpoint(origin="other", size=9, root=CHECKPOINT.root),
    ],
)
def test_a_list_as_of_another_moment_is_stale(other: Checkpoint) -> None:
    envelope = sign_revocations(CHECKPOINT, [], SIGNER, known_to=START)

    with pytest.raises(VerificationError) as refused:
        open_revocations(envelope, other, LOG_KEY)

    assert refused.value.code == "REVOCATION_STALE"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        LISTED.encode() + b"\n",
        changed({"_type": ""}),
        changed({"predicateType": "urn:placet:revocation:v2"}),
        changed({"more": ""}),
        changed({"subject": []}),
        changed({"subject": [7]}),
        changed({"more": ""}, "subject", 0),
        changed({"sha256": "00"}, "subject", 0, "digest"),
        changed({"md5": ""}, "subject", 0, "digest"),
        changed({"more": ""}, "predicate"),
        changed({"size": "9"}, "predicate"),
        changed({"known_to": "now"}, "predicate"),
        changed({"revocations": [revocation(2).to_object(), revocation(1).to_object()]}, "predicate"),
        changed({"revocations": [revocation(1).to_object()] * 2}, "predicate"),
        changed({"reason": "because"}, "predicate", "revocations", 0),
    ],
)
def test_any_other_list_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_revocations(payload)

    assert refused.value.code == "REVOCATION_LIST_MALFORMED"


def test_what_the_key_signs_for_a_list_can_never_pass_for_a_checkpoint() -> None:
    messages: list[bytes] = []

    def remember(message: bytes) -> bytes:
        messages.append(message)
        return bytes(64)

    sign_revocations(CHECKPOINT, [revocation(1)], type(SIGNER)(public_key=bytes(32), sign=remember), known_to=START)
    sign_checkpoint(CHECKPOINT, type(SIGNER)(public_key=bytes(32), sign=remember))

    assert messages[0].startswith(b"DSSEv1 ")
    assert b"\n" not in messages[0]
    assert messages[1].count(b"\n") == 3


def test_the_published_schema_names_the_members_of_a_list() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]
    members = json.loads(LISTED.encode())

    assert sorted(schema) == sorted(members)
    assert sorted(schema["predicate"]["properties"]) == sorted(members["predicate"])
    assert sorted(schema["predicate"]["properties"]["revocations"]["items"]["properties"]) == sorted(
        revocation(1).to_object()
    )
