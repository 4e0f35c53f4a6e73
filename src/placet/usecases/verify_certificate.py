"""Verify one certificate of this installation as of now: chain, validity, revocation, publication (contract 3).

That a certificate is valid says nothing about bytes: whether a package is what was published,
`placet verify` tells.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from placet.core.context import Context
from placet.core.entities.certificates import CertificateRecord
from placet.core.entities.registrations import Registration, read_registration, registration_key
from placet.core.entities.stored import entity_of
from placet.core.lookup import the_certificate
from placet.domain.certificate.chain import check_chain
from placet.domain.certificate.revocation import check_not_revoked
from placet.domain.encoding.pem import read_certificate_der
from placet.errors import PlacetError, VerificationError


class CertificateCheck(Struct, frozen=True, kw_only=True):
    """One check: its name, whether it passed, and why it did not."""

    name: str
    problem: PlacetError | None


class CertificateVerdict(Struct, frozen=True, kw_only=True):
    """What was found of a certificate; `registration` is what was published under it, None if nothing was.

    `index` is the number of the entry that recorded it, `checkpoint` the signed note over the log.
    """

    certificate: CertificateRecord
    checks: tuple[CertificateCheck, ...]
    registration: Registration | None
    index: int
    checkpoint: str

    @property
    def problem(self) -> PlacetError | None:
        """Return why the certificate is not valid now, None where it is."""
        return next((check.problem for check in self.checks if check.problem), None)


async def verify_certificate(context: Context, certificate_id: str, *, sha256: str = "") -> CertificateVerdict:
    """Return what holds of a certificate now; raise `NotFoundError` where it was never issued here.

    With the hex `sha256` of a tarball, one check more: that it is what was published under the certificate.
    """
    record = await the_certificate(context, certificate_id)
    now = context.clock.now()
    intermediate, root = context.authority.chain
    leaf = read_certificate_der(record.der)
    revocations = (record.revocation,) if record.revocation else ()
    registration = await _registration(context, record)
    checks = [
        _check("chain", lambda: check_chain(leaf, intermediate, (root,), at=record.issued_at)),
        _check("validity", lambda: _check_valid(record, now)),
        _check("revocation", lambda: check_not_revoked(certificate_id, revocations, at=now)),
    ]
    if sha256:
        checks.append(_check("digest", lambda: _check_same(sha256, registration)))
    index = await context.store.once_seq(f"certificate/{certificate_id}")
    if index is None:
        raise VerificationError("LEDGER_CORRUPT", f"no entry issued {certificate_id}", hint="placet ledger verify")
    return CertificateVerdict(
        certificate=record,
        checks=tuple(checks),
        registration=registration,
        index=index,
        checkpoint=await context.store.checkpoint(),
    )


def _check(name: str, check: Callable[[], object]) -> CertificateCheck:
    try:
        check()
    except PlacetError as error:
        return CertificateCheck(name=name, problem=error)
    return CertificateCheck(name=name, problem=None)


def _check_same(sha256: str, registration: Registration | None) -> None:
    if registration is None or registration.sha256 != sha256:
        raise VerificationError("DIGEST_MISMATCH", "nothing with this SHA-256 was published under the certificate")


def _check_valid(record: CertificateRecord, now: datetime) -> None:
    if now < record.issued_at:
        raise VerificationError("CERTIFICATE_NOT_YET_VALID", f"{record.certificate_id} begins at {record.issued_at}")
    if now > record.expires_at:
        raise VerificationError("CERTIFICATE_EXPIRED", f"{record.certificate_id} ended at {record.expires_at}")


async def _registration(context: Context, record: CertificateRecord) -> Registration | None:
    key = registration_key(record.package, record.version)
    entity = entity_of(await context.store.load([key]), key)
    registration = read_registration(entity) if entity else None
    if registration is None or not registration.is_published:  # what a client reports proves nothing
        return None
    return registration if registration.certificate_id == record.certificate_id else None
