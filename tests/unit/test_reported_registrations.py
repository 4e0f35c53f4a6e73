"""What a client reports stands registered, as a report, until the Core publishes it (contract 5, ADR 27)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from placet.core.acts import report_registration
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.registrations import (
    PublicationState,
)
from placet.core.entities.stored import required
from placet.core.execute import execute_plan
from placet.core.said import keeping, said_under
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.encoding.canonical import Value
from placet.domain.package.status import VersionStatus
from placet.usecases.verify_certificate import verify_certificate
from support.intents import ARCHIVE, artifact
from support.registering import asked, certificate_of, event, kept, published, reported, status, world
from support.world import World

# What a client reports


def test_a_report_is_kept_as_a_report_whatever_status_it_names() -> None:
    here = world()
    said = keeping(here.context, b'{"npm_registry": "https://npm.example.com"}')

    done = asked(here, reported(here, said=said.digest), said=said)

    found = kept(here)
    assert done.report.response == {"registration_id": found.registration_id}
    assert (found.status, found.publication) == (VersionStatus.PUBLISHED, PublicationState.NONE)
    assert (found.is_published, found.publication_receipt, found.sha256) == (False, "", "")
    assert here.run(said_under(here.context, found.said)) == {"npm_registry": "https://npm.example.com"}
    assert len(here.entries("package.published")) == 0


def test_a_reported_version_has_no_publication_under_its_certificate() -> None:
    here = world()
    certificate_id = here.certificate()
    asked(here, reported(here, certificate=certificate_id))

    assert here.run(verify_certificate(here.context, certificate_id)).registration is None


def test_the_certificate_of_a_publication_has_it() -> None:
    here = world()
    certificate_id, other = here.certificate(), here.certificate()
    published(here, certificate_id)

    assert here.run(verify_certificate(here.context, certificate_id)).registration == kept(here)
    assert here.run(verify_certificate(here.context, other)).registration is None


def test_a_report_is_completed_by_the_publication_and_keeps_its_id() -> None:
    here = world()
    asked(here, reported(here))
    before = kept(here)
    asked(here, status("unpublished"))
    here.move(hours=1)
    certificate_id = here.certificate()

    published(here, certificate_id)

    found = kept(here)
    assert (found.registration_id, found.registered_by, found.registered_at) == (
        before.registration_id,
        "person:alice",
        before.registered_at,
    )
    assert (found.status, found.publication, found.certificate_id) == (
        VersionStatus.PUBLISHED,
        PublicationState.EXECUTED,
        certificate_id,
    )
    assert found.sha256 == artifact(ARCHIVE).sha256
    assert found.status_updated_at == here.clock.now()


def test_after_a_publication_and_after_a_report_another_report_is_refused() -> None:
    for first in (lambda here: published(here, here.certificate()), lambda here: asked(here, reported(here))):
        here = world()
        first(here)
        before = kept(here)
        again = reported(here)

        with here.refusing("VERSION_EXISTS"):
            asked(here, again)
        assert kept(here) == before


def revoked(here: World) -> str:
    certificate_id = here.certificate()
    key = certificate_key(certificate_id)
    now = here.clock.now()
    record = read_certificate(required(here.load(key), key, "certificate"))
    revocation = Revocation(
        certificate_id=certificate_id, reason=RevocationReason.SUPERSEDED, revoked_at=now, invalid_since=now
    )
    here.write(key, record.revoked(revocation).to_object())
    return certificate_id


def ended(here: World) -> str:
    certificate_id = here.certificate()
    here.move(days=366)
    return certificate_id


MISFITS: dict[str, Callable[[World], dict[str, Value]]] = {
    "a certificate that was never issued": lambda _: {"certificate": "CERT-PKG-20200101-001"},
    "a revoked certificate": lambda here: {"certificate": revoked(here)},
    "a certificate that ended": lambda here: {"certificate": ended(here)},
    "another version's certificate": lambda here: {"certificate": certificate_of(here, version="1.0.1")},
    "another package's certificate": lambda here: {"certificate": certificate_of(here, package="@acme/other")},
    "an event that never was": lambda _: {"event": "evt_20200101000000_abc123"},
    "another version's event": lambda here: {"event": event(here, "1.0.1")},
    "an event about another certificate": lambda here: {"event": event(here, certificate="CERT-PKG-20200101-001")},
    "no name of a certificate": lambda _: {report_registration.CERTIFICATE: 7},
}


@pytest.mark.parametrize("what", MISFITS)
def test_a_report_is_refused_for(what: str) -> None:
    here = world()
    wanted = reported(here, **MISFITS[what](here))

    with here.refusing("REGISTRATION_MISMATCH"):
        asked(here, wanted)


def test_a_certificate_that_is_revoked_meanwhile_fits_no_more() -> None:
    here = world()
    certificate_id = here.certificate()
    wanted = reported(here, certificate=certificate_id)
    plan = here.plan(wanted, requester="person:alice")
    key = certificate_key(certificate_id)
    record = read_certificate(required(here.load(key), key, "certificate"))
    now = here.clock.now()
    revocation = Revocation(
        certificate_id=certificate_id, reason=RevocationReason.SUPERSEDED, revoked_at=now, invalid_since=now
    )
    here.meanwhile(lambda: here.write(key, record.revoked(revocation).to_object()))

    with here.refusing("REGISTRATION_MISMATCH"):
        here.run(execute_plan(here.context, plan, actor="person:alice"))


def test_a_report_begins_as_certified_or_as_what_may_follow_on_that() -> None:
    for first in ("certified", "published", "unpublished"):
        here = world()
        asked(here, reported(here, reported_status=first))
        assert kept(here).status == first
    here = world()
    wanted = reported(here, reported_status="deprecated")

    with here.refusing("ILLEGAL_TRANSITION"):
        asked(here, wanted)
