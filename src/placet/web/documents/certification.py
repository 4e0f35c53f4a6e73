"""Certificates in full, revocation lists, and what the ledger proves."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from placet.web.documents.strict import Asked, StrictBody
from placet.web.forms import (
    CertificateId,
    CertificateRequest,
    CertificateUri,
    DigestText,
    EventId,
    HexDigest,
    Moment,
    PackageName,
    Reason,
    VersionText,
)


class CertificateAbout(msgspec.Struct, kw_only=True):
    """What a certificate is about."""

    package_name: PackageName
    version: VersionText
    common_name: str


class CertificateRow(msgspec.Struct, kw_only=True):
    """A certificate in a row of a list; `revocation` has no members while it is not revoked."""

    cert_id: CertificateId
    chitty_id: CertificateUri
    type: str
    subject: CertificateAbout
    fingerprint: DigestText
    tar_sha256: str
    status: str
    issued_at: Moment
    expires_at: Moment
    run_id: str
    receipt_id: str
    event_id: EventId
    revocation: dict[str, str]
    renews: str


class CertificateInFull(CertificateRow, kw_only=True):
    """A certificate with its chain, without any private key."""

    issuer: str
    serial_number: str
    public_key: str
    verify_url: str
    pem: str
    chain: str


class CertificateList(msgspec.Struct, kw_only=True):
    """The certificates of a package, or all, oldest first."""

    package_name: str
    certificates: list[CertificateRow]
    total: int


class CertificatesOf(msgspec.Struct, kw_only=True):
    """`NAME`, `NAME@VERSION`, or nothing for all."""

    package: str = ""


class CertificateWanted(Asked, kw_only=True):
    """A certificate that is wanted for the key of a request (PEM), bound to an unstamped archive where one is given."""

    package: PackageName
    version: VersionText
    csr: CertificateRequest
    tar_sha256: HexDigest = ""


class RenewalWanted(Asked, kw_only=True):
    """The request (PEM) of the new key."""

    csr: CertificateRequest


class RevocationWanted(Asked, kw_only=True):
    """Why a certificate shall count no more, and from when on, where that is earlier than now."""

    reason: Reason
    invalid_since: str = ""


class CertificateChecked(msgspec.Struct, kw_only=True):
    """Whether a certificate is valid now, check by check; `error` is empty where it is."""

    valid: bool
    error: str
    message: str
    certificate: CertificateRow
    checks: list[dict[str, str]]
    ledger: dict[str, Any]


class ArchiveQuery(msgspec.Struct, kw_only=True):
    """`sha256` (hex) of a tarball is compared with what was published under the certificate."""

    sha256: str = ""


class RevocationList(msgspec.Struct, kw_only=True):
    """An X.509 revocation list as an object, and as PEM."""

    issuer: str
    file_name: str
    url: str
    number: int
    this_update: Moment
    next_update: Moment
    sha256: str
    revoked: list[dict[str, str]]
    pem: str


class SignedRevocations(msgspec.Struct, kw_only=True):
    """The log's own list of revocations: what it says, and `signed` as `placet verify --revocations` takes it."""

    origin: str
    size: int
    known_to: str
    revoked: list[dict[str, str]]
    signed: str


class LedgerQuery(msgspec.Struct, kw_only=True):
    """From which entry on, by default the newest, and how many."""

    start: Annotated[int, Meta(ge=0)] | None = None
    count: Annotated[int, Meta(ge=1, le=1000)] = 20


class LedgerEntry(msgspec.Struct, kw_only=True):
    """One entry."""

    seq: int
    time: str
    id: str
    type: str
    actor: str
    subject: str
    data: dict[str, Any]
    leaf_hash: str
    entry: str


class LedgerPage(msgspec.Struct, kw_only=True):
    """How the ledger stands, and some of its entries; `seal` has no members while it is not sealed."""

    origin: str
    size: int
    root: str
    time: str
    checkpoint_key: str
    seal: dict[str, str]
    entries: list[LedgerEntry]


class CheckpointShown(msgspec.Struct, kw_only=True):
    """A signed note over everything there is, to be kept elsewhere."""

    checkpoint: str


class CheckpointKept(StrictBody, kw_only=True):
    """A signed note that somebody kept."""

    checkpoint: str


class Observed(msgspec.Struct, kw_only=True):
    """The log that a kept note does not contradict."""

    origin: str
    size: int


class VerificationWanted(StrictBody, kw_only=True):
    """How much is recomputed, and the checkpoints of the log that somebody kept."""

    full: bool = True
    checkpoints: Annotated[list[str], Meta(max_length=16)] = msgspec.field(default_factory=list)


class Verified(msgspec.Struct, kw_only=True):
    """Whether everything that could be recomputed agrees; `finding` names the first contradiction, if there is one."""

    origin: str
    size: int
    full: bool
    verified: bool
    finding: dict[str, str | int]


class ProofQuery(msgspec.Struct, kw_only=True):
    """Which entry, under the checkpoint of which size, by default the newest."""

    seq: Annotated[int, Meta(ge=0)]
    size: Annotated[int, Meta(ge=1)] | None = None


class InclusionProof(msgspec.Struct, kw_only=True):
    """The proof that an entry is in the log (RFC 6962)."""

    seq: int
    entry: str
    leaf_hash: str
    size: int
    path: list[str]
    checkpoint: str


class ConsistencyProof(msgspec.Struct, kw_only=True):
    """The proof that the log still begins with what a kept checkpoint stated."""

    old_size: int
    new_size: int
    path: list[str]
    checkpoint: str
