"""The X.509 revocation list of a CA key: the newest one, or a new one where that is due (contract 3, ADR 22).

Asked for again within a day and without a revocation in between, the same bytes are returned;
else a new list is signed and recorded, through the one door for state, so that two lists never
have one number and no list is made that the ledger does not know. A sealed ledger gives none.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from msgspec import Struct

from placet.core.abandon import ACTOR
from placet.core.context import Context
from placet.core.decide import Decision, Premises, decide, load
from placet.core.entities.certificates import CertificateRecord
from placet.core.entities.crls import IssuedCrl, crl_key, read_issued_crl
from placet.core.entities.revocations import all_revocations_premises, count_of, revoked_certificates
from placet.core.entities.stored import entity_of
from placet.domain.certificate.crl import (
    RENEWED_AFTER,
    CrlDraft,
    RevokedSerial,
    crl_der,
    next_crl_number,
)
from placet.domain.certificate.profile import issuer_identifier, key_identifier, required
from placet.domain.certificate.revocation import Revocation
from placet.domain.encoding.pem import read_certificate_der
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.digest import sha256
from placet.errors import NotFoundError
from placet.ports.keys import AuthorityRole


class Crl(Struct, frozen=True, kw_only=True):
    """A revocation list: its DER, who issued it, its number and times, and what it names, by serial number."""

    issuer: x509.Certificate
    number: int
    this_update: datetime
    next_update: datetime
    revoked: tuple[RevokedSerial, ...]
    der: bytes


async def issue_crl(context: Context, role: AuthorityRole = AuthorityRole.INTERMEDIATE) -> Crl:
    """Return the list of that CA key, not older than a day and with every revocation that there is.

    Raise `UnavailableError`: `SEALED` where the ledger may have lost revocations, `LEDGER_CORRUPT`
    where one is missing; `ConfigurationError` (`PASSPHRASE_MISSING`) where the key cannot sign.
    """
    issuer = _issuer(context, role)
    key = crl_key(key_identifier(issuer.public_key()).hex())
    await context.store.checkpoint()  # raises where the ledger is sealed: a rolled back list is never given out
    snapshot = await load(context, _premises(key))
    kept = await _kept(context, snapshot, key, issuer)
    return kept or await _made(context, role, key, issuer)


async def _kept(context: Context, snapshot: Snapshot, key: EntityKey, issuer: x509.Certificate) -> Crl | None:
    """Return the newest list, None where another one is due or its bytes are lost."""
    entity = entity_of(snapshot, key)
    newest = read_issued_crl(entity) if entity is not None else None
    if newest is None or newest.count != count_of(snapshot):
        return None
    if context.clock.now() - newest.this_update >= RENEWED_AFTER:
        return None
    try:
        der = await context.blobs.get(newest.digest)
    except NotFoundError:
        return None
    return _crl(issuer, _draft(newest.number, newest.this_update, snapshot, issuer), der)


async def _made(context: Context, role: AuthorityRole, key: EntityKey, issuer: x509.Certificate) -> Crl:
    """Return a new list, recorded before it is given out."""
    made: list[Crl] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        entity = entity_of(snapshot, key)
        newest = read_issued_crl(entity) if entity is not None else None
        at = max(now, newest.this_update) if newest else now
        draft = _draft(next_crl_number(newest.number if newest else 0, at), at, snapshot, issuer)
        crl = _crl(issuer, draft, crl_der(context.authority.sign_crl(role, draft)))
        made[:] = [crl]
        record = IssuedCrl(
            issuer=key.removeprefix("crl/"),
            number=draft.number,
            count=count_of(snapshot),
            digest=sha256(crl.der),
            this_update=at,
        )
        return Decision(
            type="certificate.revocation_list.issued",
            actor=ACTOR,
            subject=role.value,
            data=record.members(),
            writes={key: record.to_object()},
        )

    await decide(context, _premises(key), decision)
    await context.blobs.put(made[0].der)
    return made[0]


def _premises(key: EntityKey) -> Premises:
    return lambda snapshot: {key} | all_revocations_premises(snapshot)


def _issuer(context: Context, role: AuthorityRole) -> x509.Certificate:
    intermediate, root = context.authority.chain
    return root if role is AuthorityRole.ROOT else intermediate


def _draft(number: int, at: datetime, snapshot: Snapshot, issuer: x509.Certificate) -> CrlDraft:
    """Return a list of those revoked certificates that this issuer signed."""
    revoked = [_serial(*each, issuer) for each in revoked_certificates(snapshot)]
    return CrlDraft(number=number, revoked=tuple(each for each in revoked if each is not None), this_update=at)


def _serial(record: CertificateRecord, revocation: Revocation, issuer: x509.Certificate) -> RevokedSerial | None:
    leaf = read_certificate_der(record.der)
    if required(leaf, x509.AuthorityKeyIdentifier, critical=False) != issuer_identifier(issuer):
        return None
    return RevokedSerial(serial=leaf.serial_number, revocation=revocation)


def _crl(issuer: x509.Certificate, draft: CrlDraft, der: bytes) -> Crl:
    return Crl(
        issuer=issuer,
        number=draft.number,
        this_update=draft.this_update,
        next_update=draft.next_update,
        revoked=draft.revoked,
        der=der,
    )
