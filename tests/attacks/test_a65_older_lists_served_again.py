"""A65: an older list of revocations is served, or none can be had: what was seen once counts for good."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from msgspec.structs import replace

from placet import config
from placet.adapters.files.seen import SeenFolder
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.verification.newest_revocations import Known
from placet.domain.verification.verdict import VerdictError
from placet.errors import ConfigurationError
from placet.facade.verification import Revocations, _remember, verify_as_consumer
from support.publication import Story, story, trust_root
from support.verdicts import ID, PUBLISHED_AT

THEFT = Revocation(
    certificate_id=ID,
    reason=RevocationReason.KEY_COMPROMISE,
    revoked_at=PUBLISHED_AT + timedelta(days=1),
    invalid_since=PUBLISHED_AT - timedelta(minutes=1),
)


class Consumer:
    """Somebody who verifies, with a folder that remembers and a trust root."""

    def __init__(self, folder: Path) -> None:
        self.seen = folder / "seen"
        self.settings = config.load({"HOME": str(folder), "PLACET_SEEN": str(self.seen)})

    def kept(self) -> Path:
        """Return the file of the one log that was seen."""
        [path] = self.seen.glob("*.json")
        return path

    def verify(self, bundle: bytes, **asked: object) -> str:
        """Return `verified`, or the code of the refusal."""
        revocations = replace(Revocations(), **asked)
        try:
            verify_as_consumer(self.settings, bundle, trust_root().encode(), revocations=revocations)
        except VerdictError as error:
            return error.code
        return "verified"


@pytest.fixture
def consumer(tmp_path: Path) -> Consumer:
    return Consumer(tmp_path)


def later(*revoked: Revocation, noise: int = 9) -> Story:
    """Return the same publication, of a log that has grown since."""
    return replace(story(), noise=noise, revocations=list(revoked))


def list_of(told: Story) -> bytes:
    return told.bundle().revocations


OLD = story().encoded()
NEW = later(THEFT).encoded()


def test_a_bundle_from_before_the_revocation_is_refused_once_a_newer_list_was_seen(consumer: Consumer) -> None:
    assert consumer.verify(OLD) == "verified"
    assert consumer.verify(NEW) == "CERTIFICATE_REVOKED"
    assert consumer.verify(OLD) == "CERTIFICATE_REVOKED"


def test_a_newer_list_by_hand_is_remembered_too(consumer: Consumer) -> None:
    assert consumer.verify(OLD, given=list_of(later(THEFT))) == "CERTIFICATE_REVOKED"
    assert consumer.verify(OLD) == "CERTIFICATE_REVOKED"


def test_an_older_list_by_hand_is_stale_after_a_newer_one_was_seen(consumer: Consumer) -> None:
    assert consumer.verify(later().encoded()) == "verified"
    assert consumer.verify(OLD, given=list_of(story())) == "REVOCATION_STALE"


def test_an_older_list_does_not_replace_the_newer_one_that_was_seen(consumer: Consumer) -> None:
    consumer.verify(NEW)
    kept = consumer.kept()
    before = kept.read_bytes()
    consumer.verify(OLD)
    consumer.verify(OLD, given=list_of(story()))

    assert kept.read_bytes() == before


def test_of_two_verifications_at_once_the_older_list_does_not_undo_the_newer_one(consumer: Consumer) -> None:
    """The first has made up its mind, and the second is not let in before what it saw is kept."""
    folder, origin = SeenFolder(consumer.seen), story().bundle().origin
    second = Thread(target=consumer.verify, args=(NEW,))

    def of_the_first(_: bytes) -> bytes:
        second.start()
        second.join(timeout=0.2)
        return list_of(story())

    assert folder.keep(origin, of_the_first)
    second.join()
    assert consumer.kept().read_bytes() == list_of(later(THEFT))


def test_a_newer_list_that_another_verification_saw_meanwhile_stays(consumer: Consumer) -> None:
    looked = Known(others={"seen": b""})
    assert consumer.verify(NEW) == "CERTIFICATE_REVOKED"
    _remember(SeenFolder(consumer.seen), OLD, trust_root(), looked)
    assert consumer.kept().read_bytes() == list_of(later(THEFT))
    assert consumer.verify(OLD) == "CERTIFICATE_REVOKED"


def test_a_list_that_is_older_than_the_limit_is_stale_and_without_a_list_nothing_verifies(consumer: Consumer) -> None:
    assert consumer.verify(OLD, max_age=timedelta(hours=1)) == "REVOCATION_STALE"
    assert consumer.verify(OLD, max_age=timedelta(days=100_000)) == "verified"
    assert consumer.verify(replace(story().bundle(), revocations=b"").encode()) == "BUNDLE_MALFORMED"


def test_a_newer_list_that_forgets_the_revocation_is_refused(consumer: Consumer) -> None:
    consumer.verify(NEW)

    assert consumer.verify(later(noise=12).encoded()) == "REVOCATION_STALE"


def test_what_was_seen_of_one_log_is_not_lost_by_a_bundle_of_junk(consumer: Consumer) -> None:
    consumer.verify(NEW)

    assert consumer.verify(b"{}") == "BUNDLE_MALFORMED"
    assert consumer.verify(OLD) == "CERTIFICATE_REVOKED"


def test_a_memory_that_cannot_be_read_refuses_instead_of_forgetting(consumer: Consumer) -> None:
    consumer.verify(NEW)
    kept = consumer.kept()
    kept.unlink()
    kept.mkdir()

    with pytest.raises(ConfigurationError, match="SEEN_UNREADABLE"):
        consumer.verify(OLD)


def test_a_memory_that_was_tampered_with_refuses(consumer: Consumer) -> None:
    consumer.verify(NEW)
    kept = consumer.kept()
    kept.write_bytes(kept.read_bytes().replace(b'"sig":"', b'"sig":"A', 1))

    assert consumer.verify(OLD) == "ENVELOPE_MALFORMED"


def test_where_nothing_can_be_remembered_the_verdict_stands_and_a_warning_is_given(
    consumer: Consumer, caplog: pytest.LogCaptureFixture
) -> None:
    consumer.seen.symlink_to(consumer.seen.parent / "nowhere" / "else")  # mkdir fails on it, reading finds nothing

    assert consumer.verify(OLD) == "verified"
    assert "cannot be remembered" in caplog.text
