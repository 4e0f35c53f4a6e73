"""All revocations by number: what a signed revocation list is made of (protocol 7 and 8).

An index is for people and never a premise. Here every revocation counts up one entity and stands
under its number, so that a list that omits one can be told from a whole one.
"""

from __future__ import annotations

from placet.core.entities.certificates import CertificateRecord, certificate_key, read_certificate
from placet.core.entities.stored import CORRUPT, entity_of, record_of, with_index
from placet.domain.certificate.identifiers import CERTIFICATE_ID
from placet.domain.certificate.revocation import Revocation
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey, Snapshot
from placet.errors import UnavailableError

REVOCATIONS = EntityKey("revocations/all")
"""How many revocations were said: the premise of everybody who says one or lists them all."""


def revocation_key(number: int) -> EntityKey:
    """Return the key under which the certificate of the `number`-th revocation is named, from 1."""
    return EntityKey(f"revocation/{number}")


def revocation_writes(
    snapshot: Snapshot, certificate: CertificateRecord, revocation: Revocation
) -> dict[EntityKey, Object | None]:
    """Return what revokes `certificate`; nothing new where the same was said already (contract 3).

    `snapshot` holds `REVOCATIONS`. The new number is written as what must not exist.
    """
    if certificate.revocation == revocation:
        return {certificate.key: certificate.to_object()}
    number = count_of(snapshot) + 1
    return {
        certificate.key: certificate.revoked(revocation).to_object(),
        REVOCATIONS: with_index({"count": number}, []),
        revocation_key(number): with_index({"certificate_id": certificate.certificate_id}, []),
    }


def all_revocations_premises(snapshot: Snapshot | None) -> set[EntityKey]:
    """Return the keys that `all_revocations` reads, as far as `snapshot` tells them."""
    if snapshot is None:
        return {REVOCATIONS}
    numbered = [revocation_key(number) for number in range(1, count_of(snapshot) + 1)]
    named = [entity for key in numbered if (entity := entity_of(snapshot, key)) is not None]
    return {REVOCATIONS, *numbered, *(certificate_key(_certificate_id(entity)) for entity in named)}


def all_revocations(snapshot: Snapshot) -> list[Revocation]:
    """Return every revocation there is, in the order they were made; raise as `revoked_certificates`."""
    return [revocation for _, revocation in revoked_certificates(snapshot)]


def revoked_certificates(snapshot: Snapshot) -> list[tuple[CertificateRecord, Revocation]]:
    """Return every certificate that was revoked, once, with its revocation, in the order they were first made.

    Raise `UnavailableError` (`LEDGER_CORRUPT`) where one that was counted is not there.
    """
    said = (_revoked(snapshot, number) for number in range(1, count_of(snapshot) + 1))
    return list({certificate.key: (certificate, revocation) for certificate, revocation in said}.values())


def _revoked(snapshot: Snapshot, number: int) -> tuple[CertificateRecord, Revocation]:
    named = entity_of(snapshot, revocation_key(number))
    entity = entity_of(snapshot, certificate_key(_certificate_id(named))) if named is not None else None
    certificate = read_certificate(entity) if entity is not None else None
    if certificate is None or certificate.revocation is None:
        raise UnavailableError(CORRUPT, f"revocation {number} is counted and not there", hint="placet ledger verify")
    return certificate, certificate.revocation


def count_of(snapshot: Snapshot) -> int:
    """Return how many revocations were said, those that tightened an earlier one too."""
    entity = entity_of(snapshot, REVOCATIONS)
    if entity is None:
        return 0
    record = record_of(entity, "number of revocations")
    count = record.integer("count")
    record.end()
    return count


def _certificate_id(entity: Entity) -> str:
    record = record_of(entity, "numbered revocation")
    certificate_id = record.text("certificate_id", CERTIFICATE_ID)
    record.end()
    return certificate_id
