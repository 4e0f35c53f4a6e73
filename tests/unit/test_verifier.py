"""The verifier names what fails first, whatever a log was made to say (protocol 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.certificate.authority import LEAF_VALIDITY
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.encoding.dsse import parse_envelope
from placet.domain.log.checkpoint import sign_checkpoint
from placet.domain.verification.newest_revocations import Known
from placet.domain.verification.revocation_list import sign_revocations
from placet.domain.verification.statement import open_publication, sign_publication
from placet.domain.verification.trust_root import Log
from placet.domain.verification.verdict import STEPS
from placet.domain.verification.verifier import Held, verify_bundle
from support.authority import NOW, authority, private_key
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER
from support.publication import honest, story
from support.publication_parts import approval_event, approval_of, enrolment, person_key
from support.small_log import START, Event, logged
from support.verdicts import ID, PUBLISHED_AT, ROOT, code_of, refused

# What is proven.


def test_a_verdict_says_what_was_published_and_as_of_when() -> None:
    verdict = verify_bundle(honest(), ROOT)

    assert (verdict.package, verdict.version, verdict.certificate_id) == ("@acme/tool", "1.0.0", ID)
    assert verdict.approvers == (("person:alice", 2), ("person:bob", 2))
    assert (verdict.origin, verdict.size, verdict.published_at) == (ORIGIN, 25, PUBLISHED_AT)
    assert verdict.revocations_known_to == START + timedelta(seconds=24)
    assert len(verdict.receipts) == 3
    assert verdict.revocation is None
    assert set(verdict.steps.values()) == {"pass"}


def test_a_refusal_says_which_step_failed_and_what_was_not_looked_at() -> None:
    told = story().without("publish executed")
    error = refused(told.bundle())

    assert error.step == 5
    assert list(error.steps) == list(STEPS.values())
    assert list(error.steps.values()) == ["pass"] * 4 + ["fail"] + ["not_evaluated"] * 6


def test_an_entry_with_detached_data_proves_as_much() -> None:
    told = story()
    told.events["certificate"].detached = True

    assert verify_bundle(told.encoded(), ROOT).certificate_id == ID


def test_a_package_verifies_for_ever_not_for_a_year() -> None:
    assert verify_bundle(honest(), ROOT, known=Known(since=START)).published_at < NOW + LEAF_VALIDITY


# 1 to 4: form, checkpoint, inclusion, revocations.


@pytest.mark.parametrize("encoded", [b"", b"{}", b"\xff", honest()[:-1], honest() + b"\n"])
def test_what_is_no_bundle_is_malformed(encoded: bytes) -> None:
    assert refused(encoded).code == "BUNDLE_MALFORMED"


def test_a_bundle_of_another_log_is_refused() -> None:
    other = replace(ROOT, log=Log(origin="other", checkpoint_keys=(replace(LOG_KEY, origin="other"),)))

    assert refused(honest(), root=other).code == "ISSUER_MISMATCH"


def test_a_checkpoint_signed_by_another_key_is_refused() -> None:
    checkpoint = logged(story().events, 5).checkpoint()
    bundle = replace(story().bundle(), checkpoint=sign_checkpoint(checkpoint, OTHER_SIGNER))

    assert refused(bundle).code == "CHECKPOINT_INVALID"


def test_an_entry_that_is_not_in_the_log_is_refused() -> None:
    bundle = story().bundle()
    first = bundle.entries[0]
    forged = replace(first, entry=first.entry.replace(b'"seq":5', b'"seq":4'))

    assert refused(replace(bundle, entries=(forged, *bundle.entries[1:]))).code == "PROOF_INVALID"


def test_entries_out_of_order_are_malformed() -> None:
    bundle = story().bundle()

    assert refused(replace(bundle, entries=bundle.entries[::-1])).code == "BUNDLE_MALFORMED"


def test_an_entry_that_stands_there_twice_is_malformed() -> None:
    bundle = story().bundle()

    assert refused(replace(bundle, entries=(bundle.entries[0], *bundle.entries))).step == 3


def test_detached_data_must_be_the_entrys() -> None:
    told = story()
    told.events["certificate"].detached = True
    bundle = told.bundle()
    entries = [replace(each, data=each.data.replace(b"{", b" {")) for each in bundle.entries]

    assert "missing or other data" in refused(replace(bundle, entries=tuple(entries))).message


def test_data_beside_an_entry_that_holds_its_own_is_refused() -> None:
    bundle = story().bundle()
    first = replace(bundle.entries[0], data=b"{}")

    assert "has no detached data" in refused(replace(bundle, entries=(first, *bundle.entries[1:]))).message


def test_a_revocation_list_as_of_another_size_is_stale() -> None:
    older = replace(story(), noise=4).bundle()

    assert refused(replace(story().bundle(), revocations=older.revocations)).code == "REVOCATION_STALE"


def test_a_revocation_list_that_another_key_signed_is_refused() -> None:
    checkpoint = logged(story().events, 5).checkpoint()
    forged = sign_revocations(checkpoint, [], OTHER_SIGNER, known_to=START).encode()

    assert refused(replace(story().bundle(), revocations=forged)).code == "BUNDLE_MALFORMED"


def test_revocations_that_are_not_new_enough_are_stale() -> None:
    since = START + timedelta(seconds=24, milliseconds=1)

    assert refused(honest(), known=Known(since=since)).code == "REVOCATION_STALE"
    assert verify_bundle(honest(), ROOT, known=Known(since=since - timedelta(milliseconds=1))).size == 25


# 7 and 8: statement and bytes.


def test_a_statement_signed_by_another_key_is_refused() -> None:
    told = story()
    key = authority().leaf_key.public_key()
    publication = open_publication(parse_envelope(told.statement), key, certificate_id=ID)
    told.statement = sign_publication(publication, private_key("stranger")).encode()

    assert code_of(told) == "SIGNATURE_INVALID"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": "1.0.1"}, "SUBJECT_MISMATCH"),
        ({"package": "@acme/other"}, "SUBJECT_MISMATCH"),
        ({"tar_sha256": "cd" * 32}, "CERTIFICATE_SUBJECT_MISMATCH"),
        ({"sha256": "cd" * 32}, "DIGEST_MISMATCH"),
        ({"sha512": "cd" * 64}, "DIGEST_MISMATCH"),
    ],
)
def test_a_statement_about_something_else_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code_of(story(**changes)) == code


def test_a_statement_that_the_plan_does_not_register_is_refused() -> None:
    told = story()
    told.statement = story(stamp_rule=2).statement

    assert code_of(told) == "DIGEST_MISMATCH"


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (Held(package="@acme/other"), "SUBJECT_MISMATCH"),
        (Held(version="1.0.1"), "SUBJECT_MISMATCH"),
        (Held(sha256="cd" * 32), "DIGEST_MISMATCH"),
        (Held(sha512="cd" * 64), "DIGEST_MISMATCH"),
        (Held(tgz=b"other bytes"), "DIGEST_MISMATCH"),
        (Held(tgz=story().tgz), "ARTIFACT_UNSAFE"),
    ],
)
def test_what_the_consumer_holds_must_be_what_was_published(held: Held, code: str) -> None:
    assert refused(honest(), held).code == code


def test_a_consumer_who_knows_name_and_digests_is_told_that_they_are_right() -> None:
    verdict = verify_bundle(honest(), ROOT)
    held = Held(package="@acme/tool", version="1.0.0", sha256=verdict.sha256, sha512=verdict.sha512)

    assert verify_bundle(honest(), ROOT, held) == verdict


# 10 and 11: revocation, nothing left over.


def revocation(since: timedelta, certificate_id: str = ID) -> Revocation:
    return Revocation(
        certificate_id=certificate_id,
        reason=RevocationReason.KEY_COMPROMISE,
        revoked_at=PUBLISHED_AT + timedelta(days=9),
        invalid_since=PUBLISHED_AT + since,
    )


@pytest.mark.parametrize("since", [timedelta(0), timedelta(milliseconds=-1), timedelta(days=-1)])
def test_a_publication_at_or_after_the_theft_is_refused(since: timedelta) -> None:
    assert code_of(replace(story(), revocations=[revocation(since)])) == "CERTIFICATE_REVOKED"


def test_a_publication_before_the_theft_stands_and_the_verdict_tells_of_it() -> None:
    later = revocation(timedelta(milliseconds=1))
    others = [revocation(timedelta(0), "CERT-PKG-20260102-002"), later]
    verdict = verify_bundle(replace(story(), revocations=others).encoded(), ROOT)

    assert verdict.revocation == later


@pytest.mark.parametrize(
    "event",
    [
        enrolment("person:carol", person_key("carol")),
        Event("run.requested", {}),
        Event("receipt.issued", {"receipt": {}}),
    ],
)
def test_an_entry_that_nothing_needs_is_refused(event: Event) -> None:
    told = story()
    told.events["more"] = event

    assert refused(told.bundle()).step in {5, 11}
    assert code_of(told) == "BUNDLE_MALFORMED"


def test_an_approval_more_than_the_policy_asks_for_is_no_evidence() -> None:
    told = story()
    approval = approval_of(told.plans[1], "carol")
    carol = {
        "carol": enrolment("person:carol", person_key("carol")),
        "carol approves": approval_event(approval, person_key("carol"), second=12),
    }
    told.events = {**told.events, **carol}

    assert refused(told.move("carol", before="alice").move("carol approves", before="put issued").bundle()).step == 11
