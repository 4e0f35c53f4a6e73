"""Which list of revocations counts, where a verifier has several (protocol 8, attack A65)."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.encoding.dsse import Envelope, parse_envelope
from placet.domain.log.checkpoint import Checkpoint, CheckpointSigner
from placet.domain.verification.newest_revocations import Known, Newest, newest_revocations
from placet.domain.verification.revocation_list import RevocationList, open_list, sign_revocations
from placet.domain.verification.trust_root import Log
from placet.errors import InvalidInputError, PlacetError, VerificationError
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER, SIGNER, START

LOG = Log(origin=ORIGIN, checkpoint_keys=(LOG_KEY,))


def revocation(number: int) -> Revocation:
    return Revocation(
        certificate_id=f"CERT-PKG-20260102-00{number}",
        reason=RevocationReason.KEY_COMPROMISE,
        revoked_at=START,
        invalid_since=START,
    )


def envelope(
    size: int, *revoked: int, root: int = 1, origin: str = ORIGIN, signer: CheckpointSigner = SIGNER
) -> Envelope:
    checkpoint = Checkpoint(origin=origin, size=size, root=bytes([root] * 32))
    return sign_revocations(checkpoint, map(revocation, revoked), signer, known_to=START + timedelta(hours=size))


def signed(size: int, *revoked: int, root: int = 1) -> bytes:
    return envelope(size, *revoked, root=root).encode()


def listed(size: int, *revoked: int) -> RevocationList:
    return open_list(signed(size, *revoked), LOG)


def newest(size: int, *revoked: int, given: bytes = b"", **others: bytes) -> Newest:
    return newest_revocations(listed(size, *revoked), LOG, Known(given=given, others=others))


def code_of(size: int, *revoked: int, given: bytes = b"", **others: bytes) -> str:
    with pytest.raises(VerificationError) as refused:
        newest(size, *revoked, given=given, **others)
    return refused.value.code


def test_alone_the_list_of_the_bundle_counts() -> None:
    assert (newest(5, 1).source, newest(5, 1).listed) == ("bundle", listed(5, 1))


@pytest.mark.parametrize("order", list(permutations([3, 7, 9])))
def test_the_newest_list_counts_in_whatever_order_they_come(order: tuple[int, int, int]) -> None:
    bundle, home, seen = order
    found = newest(bundle, home=signed(home), seen=signed(seen))

    assert found.listed == listed(9)
    assert found.source == ("bundle", "home", "seen")[order.index(9)]


def test_a_list_that_is_not_there_is_passed_over() -> None:
    assert newest(5, home=b"", seen=b"").source == "bundle"


def test_a_newer_list_by_hand_counts_and_so_does_an_equal_one() -> None:
    assert newest(5, given=signed(6, 1)).listed == listed(6, 1)
    assert newest(5, 1, given=signed(5, 1)).source == "file"


@pytest.mark.parametrize(("bundle", "home"), [(6, b""), (4, signed(6))])
def test_a_list_by_hand_that_is_older_than_another_is_stale(bundle: int, home: bytes) -> None:
    assert code_of(bundle, given=signed(5), home=home) == "REVOCATION_STALE"


@pytest.mark.parametrize("newer", [signed(6), signed(6, 2)])
def test_a_newer_list_that_forgets_a_revocation_is_refused(newer: bytes) -> None:
    assert code_of(5, 1, seen=newer) == "REVOCATION_STALE"
    assert code_of(5, 1, given=newer) == "REVOCATION_STALE"


def test_two_lists_of_one_size_that_differ_show_a_fork() -> None:
    assert code_of(5, 1, seen=signed(5)) == "CHECKPOINT_INVALID"
    assert code_of(5, seen=signed(5, root=2)) == "CHECKPOINT_INVALID"


def test_the_age_of_the_newest_list_is_what_is_limited() -> None:
    since = START + timedelta(hours=8)

    found = newest_revocations(listed(3), LOG, Known(others={"seen": signed(8)}, since=since))
    with pytest.raises(VerificationError, match="REVOCATION_STALE"):
        newest_revocations(listed(3), LOG, Known(others={"seen": signed(7)}, since=since))

    assert found.listed.known_to == since


@pytest.mark.parametrize("encoded", [b"{}", b"junk", signed(5)[:-1]])
def test_a_file_that_is_no_list_is_named_as_such(encoded: bytes) -> None:
    with pytest.raises(VerificationError) as refused:
        newest(4, given=encoded)

    assert refused.value.code == "ENVELOPE_MALFORMED"
    assert "the list from: file" in refused.value.message


def refused_list(encoded: bytes, log: Log = LOG) -> str:
    with pytest.raises(PlacetError) as refused:
        open_list(encoded, log)
    return refused.value.code


def test_a_list_that_another_key_signed_is_refused() -> None:
    assert refused_list(envelope(5, signer=OTHER_SIGNER).encode()) == "SIGNATURE_INVALID"


def test_a_list_with_a_borrowed_key_name_is_refused() -> None:
    honest, forged = envelope(5, 1), envelope(5, signer=OTHER_SIGNER)
    borrowed = Envelope(
        payload_type=honest.payload_type,
        _payload=listed(5).encode(),
        keyid=LOG_KEY.vkey(),
        signature=forged.signature,
    )

    assert refused_list(borrowed.encode()) == "SIGNATURE_INVALID"


def test_a_list_about_another_log_is_refused() -> None:
    about_other = RevocationList(
        checkpoint=Checkpoint(origin="other.example.com/log", size=5, root=bytes(32)), known_to=START, revocations=()
    )
    honest = parse_envelope(signed(5))
    resigned = type(honest)(
        payload_type=honest.payload_type,
        _payload=about_other.encode(),
        keyid=LOG_KEY.vkey(),
        signature=SIGNER.sign(_message(about_other)),
    )

    assert refused_list(resigned.encode()) == "ISSUER_MISMATCH"


def _message(about: RevocationList) -> bytes:
    typ, payload = b"application/vnd.in-toto+json", about.encode()
    return b"DSSEv1 %d %b %d %b" % (len(typ), typ, len(payload), payload)


def test_a_list_beyond_where_a_continued_log_counts_is_refused() -> None:
    continued = Log(origin=ORIGIN, checkpoint_keys=(LOG_KEY,), size=5)

    assert open_list(signed(5), continued) == listed(5)
    assert refused_list(signed(6), continued) == "CHECKPOINT_INVALID"


def test_a_list_with_a_malformed_payload_is_refused() -> None:
    honest = parse_envelope(signed(5))
    payload = b"{}"
    message = b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
    resigned = type(honest)(
        payload_type=honest.payload_type, _payload=payload, keyid=LOG_KEY.vkey(), signature=SIGNER.sign(message)
    )

    with pytest.raises(InvalidInputError, match="REVOCATION_LIST_MALFORMED"):
        open_list(resigned.encode(), LOG)
