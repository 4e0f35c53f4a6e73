"""Renewal: a new certificate for the same package version and bytes; the old one stays until it ends (contract 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from placet.core.abandon import revoke_unpublished
from placet.core.entities.certificates import CertificateRecord, certificate_key, read_certificate
from placet.core.entities.stored import required
from placet.core.execute import execute_plan
from placet.core.governed import ask
from placet.core.lookup import find_certificates, the_certificate
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.certificate.authority import LEAF_VALIDITY
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import make_request
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, InvalidInputError, NotFoundError
from support.installation import ACTOR
from support.intents import artifact
from support.world import World

TAR_SHA256 = "ab" * 32  # what `World.certificate` is bound to


def renewal(renews: Value, *, version: str = "1.0.0", tar_sha256: str = TAR_SHA256) -> tuple[Intent, bytes]:
    key = World().context.key_maker.private_key(KeyAlgorithm.P256)
    request = make_request(key).public_bytes(Encoding.PEM)
    intent = Intent(
        kind=OperationKind.ISSUE_CERTIFICATE,
        subject=Subject(provider="core", name="@acme/tool", version=version, tag=""),
        params={"key_origin": "csr", "tar_sha256": tar_sha256, "renews": renews},
        artifacts=(artifact(request, "request.csr.pem"),),
    )
    return intent, request


def renew(world: World, renews: Value, **other: str) -> CertificateRecord:
    intent, request = renewal(renews, **other)
    asked = world.run(ask(world.context, intent, requester="person:alice", contents={"request.csr.pem": request}))
    return world.run(the_certificate(world.context, str(asked.report.response["certificate_id"])))


def old(world: World) -> CertificateRecord:
    return world.run(the_certificate(world.context, world.certificate()))


def test_the_new_certificate_is_about_the_same_version_and_bytes_and_names_the_old_one() -> None:
    world = World()
    first = old(world)
    world.move(days=300)

    second = renew(world, first.certificate_id)

    assert (second.package, second.version, second.tar_sha256) == (first.package, first.version, first.tar_sha256)
    assert (second.renews, first.renews) == (first.certificate_id, "")
    assert second.certificate_id != first.certificate_id
    assert second.expires_at - first.expires_at == timedelta(days=300)


def test_the_old_certificate_stays_as_it_is_and_both_are_listed() -> None:
    world = World()
    first = old(world)

    second = renew(world, first.certificate_id)

    assert world.run(find_certificates(world.context, "@acme/tool@1.0.0")) == [first, second]


def test_a_renewal_is_one_change_with_its_own_receipt() -> None:
    world = World()
    first = old(world)
    issued = len(world.entries("package.certificate.issued"))

    second = renew(world, first.certificate_id)

    entries = world.entries("package.certificate.issued")[issued:]
    assert len(entries) == 1
    data = entries[0].body.data
    assert isinstance(data, dict)
    assert isinstance(data["receipt"], dict)
    assert data["receipt"]["receipt_id"] == second.receipt_id != first.receipt_id


def test_a_renewed_certificate_can_be_renewed_again() -> None:
    world = World()
    second = renew(world, old(world).certificate_id)

    assert renew(world, second.certificate_id).renews == second.certificate_id


def test_a_certificate_is_renewed_to_its_last_second_and_not_later() -> None:
    world = World()
    first = old(world)
    world.clock.at = first.expires_at

    second = renew(world, first.certificate_id)
    world.move(milliseconds=1)
    with pytest.raises(DeniedError, match="CERTIFICATE_EXPIRED"):
        renew(world, first.certificate_id)

    assert second.expires_at == first.expires_at + LEAF_VALIDITY


def test_a_revoked_certificate_is_not_renewed() -> None:
    world = World()
    first = old(world)
    world.run(revoke_unpublished(world.context, first.certificate_id))

    with pytest.raises(DeniedError, match="CERTIFICATE_REVOKED"):
        renew(world, first.certificate_id)

    assert len(world.run(find_certificates(world.context, "@acme/tool"))) == 1


def test_a_revocation_between_decision_and_commit_stops_the_renewal() -> None:
    world = World()
    first = old(world)
    intent, request = renewal(first.certificate_id)
    world.run(world.blobs.put(request))
    plan = world.plan(intent)
    world.meanwhile(lambda: world.run(revoke_unpublished(world.context, first.certificate_id)))

    with pytest.raises(DeniedError, match="CERTIFICATE_REVOKED"):
        world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert len(world.run(find_certificates(world.context, "@acme/tool"))) == 1


@pytest.mark.parametrize("other", [{"version": "1.0.1"}, {"tar_sha256": "cd" * 32}, {"tar_sha256": ""}])
def test_a_certificate_is_not_renewed_for_another_version_or_other_bytes(other: dict[str, str]) -> None:
    world = World()

    with pytest.raises(DeniedError, match="CERTIFICATE_SUBJECT_MISMATCH"):
        renew(world, old(world).certificate_id, **other)


def test_what_was_never_issued_is_not_renewed() -> None:
    with pytest.raises(NotFoundError, match="NOT_FOUND"):
        renew(World(), "CERT-PKG-20260101-001")


@pytest.mark.parametrize("name", [7, "CERT", ["CERT-PKG-20260101-001"]])
def test_what_is_no_name_of_a_certificate_is_refused(name: Value) -> None:
    with pytest.raises(InvalidInputError, match="PLAN_INVALID"):
        renew(World(), name)


def test_a_certificate_that_was_stored_before_there_were_renewals_is_read() -> None:
    world = World()
    first = old(world)
    members = first.to_object()
    del members["renews"]
    world.write(first.key, members)

    key = certificate_key(first.certificate_id)
    assert read_certificate(required(world.load(key), key, "certificate")) == first
