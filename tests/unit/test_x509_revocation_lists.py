"""X.509 revocation lists: what they say, when a new one is due, and that their number never falls (contract 3)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from placet.core.abandon import revoke_unpublished
from placet.core.governed import ask
from placet.core.lookup import the_certificate
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.certificate.crl import crl_pem, is_crl, next_crl_number
from placet.domain.certificate.profile import key_identifier
from placet.domain.certificate.revocation import RevocationReason
from placet.domain.encoding.pem import read_certificate_der, write_pem
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from placet.errors import UnavailableError
from placet.ports.keys import AuthorityRole
from placet.usecases.issue_crl import Crl, issue_crl
from support.authority import authority
from support.ledgers import InMemory
from support.world import World

RECORDED = "certificate.revocation_list.issued"


def revoke(world: World, certificate_id: str, reason: str = "key_compromise", since: str = "") -> None:
    intent = Intent(
        kind=OperationKind.REVOKE_CERTIFICATE,
        subject=Subject(provider="core", name="@acme/tool", version="1.0.0", tag=""),
        params={"certificate_id": certificate_id, "reason": reason, "invalid_since": since},
    )
    world.run(ask(world.context, intent, requester="person:alice", contents={}))


def crl(world: World, role: AuthorityRole = AuthorityRole.INTERMEDIATE) -> Crl:
    return world.run(issue_crl(world.context, role))


def parsed(made: Crl) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(made.der)


def serial_of(world: World, certificate_id: str) -> int:
    return read_certificate_der(world.run(the_certificate(world.context, certificate_id)).der).serial_number


def number_in(made: Crl) -> int:
    return parsed(made).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_a_list_without_revocations_is_empty_signed_and_good_for_a_week() -> None:
    world = World()

    made = crl(world)
    read = parsed(made)

    issuer = authority().intermediate.certificate
    assert list(read) == []
    assert read.issuer == issuer.subject
    assert read.is_signature_valid(authority().intermediate.key.public_key())
    assert read.next_update_utc is not None
    assert read.next_update_utc - read.last_update_utc == timedelta(days=7)
    assert read.last_update_utc == world.clock.now().replace(microsecond=0)
    named = read.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert named.key_identifier == key_identifier(issuer.public_key())


def test_an_entry_has_the_serial_the_reason_and_since_when_signatures_do_not_count() -> None:
    world = World()
    certificate_id = world.certificate()
    since = world.clock.now() - timedelta(hours=5)
    revoke(world, certificate_id, "key_compromise", format_instant(since))

    (entry,) = parsed(crl(world))

    assert entry.serial_number == serial_of(world, certificate_id)
    assert entry.revocation_date_utc == world.clock.now().replace(microsecond=0)
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    invalid = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
    assert invalid.invalidity_date_utc == since.replace(microsecond=0)
    assert invalid.invalidity_date_utc <= since


@pytest.mark.parametrize("reason", list(RevocationReason))
def test_every_reason_has_its_name_in_x509_and_unspecified_is_said_by_saying_nothing(reason: RevocationReason) -> None:
    world = World()
    revoke(world, world.certificate(), reason.value)

    (entry,) = parsed(crl(world))
    said = [each.value for each in entry.extensions if isinstance(each.value, x509.CRLReason)]

    expected = [] if reason is RevocationReason.UNSPECIFIED else [x509.ReasonFlags[reason.value]]
    assert [each.reason for each in said] == expected


def test_entries_are_sorted_by_serial_number() -> None:
    world = World()
    ids = [world.certificate() for _ in range(4)]
    for certificate_id in ids:
        world.run(revoke_unpublished(world.context, certificate_id))

    serials = [entry.serial_number for entry in parsed(crl(world))]

    assert serials == sorted(serial_of(world, each) for each in ids)


def test_the_root_has_a_list_of_its_own_which_names_no_leaf() -> None:
    world = World()
    world.run(revoke_unpublished(world.context, world.certificate()))

    made = crl(world, AuthorityRole.ROOT)

    assert list(parsed(made)) == []
    assert parsed(made).is_signature_valid(authority().root.key.public_key())
    assert made.issuer == authority().root.certificate
    assert len(list(parsed(crl(world)))) == 1


def test_asked_again_within_a_day_the_same_bytes_are_given_and_nothing_is_recorded() -> None:
    world = World()
    world.run(revoke_unpublished(world.context, world.certificate()))
    first = crl(world)
    world.move(hours=23, minutes=59)

    assert crl(world) == first
    assert len(world.entries(RECORDED)) == 1


def test_after_a_day_a_list_is_renewed() -> None:
    world = World()
    first = crl(world)
    world.move(hours=24)
    second = crl(world)

    assert second.number > first.number
    assert second.this_update == world.clock.now()


def test_every_revocation_renews_the_list_at_once() -> None:
    world = World()
    lists = [crl(world)]
    for _ in range(3):
        world.run(revoke_unpublished(world.context, world.certificate()))
        lists.append(crl(world))

    assert [len(each.revoked) for each in lists] == [0, 1, 2, 3]
    assert all(before.number < after.number for before, after in pairwise(lists))
    assert [number_in(each) for each in lists] == [each.number for each in lists]


def test_revoking_twice_makes_no_new_list() -> None:
    world = World()
    certificate_id = world.certificate()
    revoke(world, certificate_id)
    first = crl(world)
    revoke(world, certificate_id, "superseded")

    assert crl(world) == first


def test_a_clock_that_goes_back_lowers_neither_number_nor_time() -> None:
    world = World()
    first = crl(world)
    certificate_id = world.certificate()
    world.move(seconds=-3)
    world.run(revoke_unpublished(world.context, certificate_id))

    second = crl(world)

    assert second.number == first.number + 1
    assert second.this_update == first.this_update


def test_a_number_is_above_the_last_and_not_below_the_second_it_is_made_in() -> None:
    now = World().clock.now()
    second = int(now.timestamp())

    assert next_crl_number(0, now) == second
    assert next_crl_number(second - 1, now) == second
    assert next_crl_number(second, now) == second + 1
    assert next_crl_number(second + 100, now) == second + 101


def test_what_the_ledger_records_of_a_list_is_its_number_and_digest() -> None:
    world = World()
    made = crl(world)

    (entry,) = world.entries(RECORDED)
    assert isinstance(entry.body.data, dict)
    assert entry.body.data["number"] == made.number
    assert entry.body.data["issuer"] == key_identifier(made.issuer.public_key()).hex()


def test_two_who_ask_at_once_get_lists_of_different_numbers() -> None:
    world = World()
    others: list[Crl] = []
    world.meanwhile(lambda: others.append(crl(world)))

    mine = crl(world)

    assert mine.number == others[0].number + 1


def test_a_list_whose_bytes_are_lost_is_made_again_with_a_higher_number() -> None:
    world = World()
    first = crl(world)
    world.blobs.kept.clear()

    assert crl(world).number == first.number + 1


def test_a_sealed_ledger_gives_no_list_not_even_the_kept_one() -> None:
    world = World()
    crl(world)
    assert isinstance(world.home, InMemory)
    world.home.anchor.notes.clear()
    world.store.move_to(world.home.open())

    with pytest.raises(UnavailableError, match="SEALED"):
        crl(world)


def test_lists_are_told_from_other_files() -> None:
    made = crl(World())
    pem = crl_pem(made.der)

    assert pem.startswith(b"-----BEGIN X509 CRL-----\n")
    assert x509.load_pem_x509_crl(pem).public_bytes(Encoding.DER) == made.der
    assert is_crl(made.der)
    assert is_crl(pem)
    assert not any(is_crl(each) for each in (b"", b"{}", write_pem(made.issuer), made.der[:-1]))
