"""Certificates: issue, verify, show, list, revoke, renew, revocation lists (contract 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from placet.domain.authorization.api_key import Verb
from placet.errors import InvalidInputError, NotFoundError, VerificationError
from placet.web.authorization import REFUSED, REQUEST_REFUSED, Authorization
from placet.web.forms import (
    CertificateId,
    CertificateRequest,
    CertificateUri,
    DigestText,
    Moment,
    PackageName,
    VersionText,
)
from placet.web.ignored import warnings_of
from placet.web.problems import not_valid, status_of
from placet.web.route import Access, Answer, Call, Route

_TAG = "certificates"
_PACKAGE = "package"
_CRL = "application/pkix-crl"
_ASK = "do not rely on it: ask who issued it for another one"
_KEY_COSTS = 20
"""Making an RSA key takes as long as so many other requests."""
_SHOWN = (
    "cert_id", "chitty_id", "type", "subject", "issuer", "issued_at", "expires_at", "fingerprint", "status", "pem",
    "chain", "serial_number",
)  # fmt: skip
_ISSUED = (
    "cert_id", "chitty_id", "fingerprint", "issued_at", "expires_at", "pem", "chain", "public_key", "serial_number",
    "verify_url",
)  # fmt: skip
_VERIFIED = ("cert_id", "chitty_id", "subject", "fingerprint", "issued_at", "expires_at", "status")
_LISTED = ("cert_id", "status", "issued_at", "expires_at")


class Subject(msgspec.Struct, kw_only=True):
    """What a certificate is about."""

    package_name: PackageName
    version: VersionText
    common_name: str


class IssueRequest(msgspec.Struct, kw_only=True):
    """A certificate that is wanted. `requester` and `governance_approval` are claims: kept, deciding nothing."""

    type: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [_PACKAGE]})]
    package_name: PackageName
    version: VersionText
    requester: Any = None
    governance_approval: Any = None
    csr: CertificateRequest | None = None
    tar_sha256: str | None = None


class RenewRequest(msgspec.Struct, kw_only=True):
    """A certificate that is to follow another, with the key of a new request where one is given."""

    csr: CertificateRequest | None = None


class Issued(msgspec.Struct, kw_only=True):
    """A certificate that was issued. `private_key` is there once, and only where the service made the key."""

    success: bool
    cert_id: CertificateId
    chitty_id: CertificateUri
    fingerprint: DigestText
    issued_at: Moment
    expires_at: Moment
    pem: str
    chain: str
    public_key: str
    private_key: str | None
    serial_number: str
    verify_url: str
    authorization: Authorization
    warnings: list[str]


class Certificate(msgspec.Struct, kw_only=True):
    """A certificate, without any private key."""

    cert_id: CertificateId
    chitty_id: CertificateUri
    type: str
    subject: Subject
    issuer: str
    issued_at: Moment
    expires_at: Moment
    fingerprint: DigestText
    status: str
    pem: str
    chain: str
    serial_number: str
    claims: dict[str, Any]


class VerifiedCertificate(msgspec.Struct, kw_only=True):
    """What is told of a certificate that is valid."""

    cert_id: CertificateId
    chitty_id: CertificateUri
    subject: Subject
    fingerprint: DigestText
    issued_at: Moment
    expires_at: Moment
    status: str


class Check(msgspec.Struct, kw_only=True):
    """One check of a certificate."""

    check: str
    result: str
    detail: str


class LedgerPlace(msgspec.Struct, kw_only=True):
    """Where the ledger says so: the entry, and a signed note over everything up to now."""

    index: int
    checkpoint: str


class Valid(msgspec.Struct, kw_only=True):
    """A certificate that is valid now. That says nothing about bytes."""

    valid: bool
    certificate: VerifiedCertificate
    checks: list[Check]
    ledger: LedgerPlace


class NotValid(msgspec.Struct, kw_only=True):
    """A certificate that is not valid now, and why."""

    valid: bool
    error: str
    error_code: str
    message: str
    next_action: str
    checks: list[Check]


class VerifyQuery(msgspec.Struct, kw_only=True):
    """`sha256` of a tarball is compared with what was published under the certificate."""

    sha256: str = ""


class RevokeRequest(msgspec.Struct, kw_only=True):
    """Why a certificate shall count no more, and from when on, where that is earlier than now."""

    reason: str | None = None
    invalid_since: str = ""


class Revoked(msgspec.Struct, kw_only=True):
    """A certificate that was revoked; `authorization` is null where that was done before."""

    success: bool
    cert_id: CertificateId
    status: str
    revoked_at: Moment
    reason: str
    authorization: Authorization | None
    warnings: list[str]


class Listed(msgspec.Struct, kw_only=True):
    """One certificate of a package."""

    cert_id: CertificateId
    version: VersionText
    status: str
    issued_at: Moment
    expires_at: Moment


class Certificates(msgspec.Struct, kw_only=True):
    """The certificates of a package."""

    package_name: PackageName
    certificates: list[Listed]
    total: int


async def issue(call: Call) -> Answer:
    """Issue a certificate: for a key of the caller's, or for one that is made now and handed out this once."""
    wanted: IssueRequest = call.body
    if wanted.type != _PACKAGE:
        raise InvalidInputError(
            "UNSUPPORTED_CERTIFICATE_TYPE", f"{wanted.type[:40]!a} is no type", hint="send type: package"
        )
    call.authenticated.check_scope(Verb.ISSUE, wanted.package_name)
    if not wanted.csr:
        call.charge(_KEY_COSTS)
    made = await call.placet.client_certificates.issue(
        wanted.package_name,
        wanted.version,
        csr=wanted.csr or "",
        tar_sha256=wanted.tar_sha256 or "",
        said=call.content,
    )
    return Answer(status=201, document=_issued(call, made))


async def renew(call: Call) -> Answer:
    """Issue a certificate that follows another one, for the same version and bytes."""
    certificate_id = call.path["cert_id"]
    await _check_scope(call, Verb.ISSUE, certificate_id)
    if not call.body.csr:
        call.charge(_KEY_COSTS)
    made = await call.placet.client_certificates.renew(certificate_id, csr=call.body.csr or "")
    return Answer(status=201, document=_issued(call, made))


async def verify(call: Call) -> Answer:
    """Verify a certificate as of now; the status alone tells, too."""
    try:
        found: Any = await call.placet.client_certificates.verify(call.path["cert_id"], sha256=call.query.sha256)
    except NotFoundError as error:
        missing = NotFoundError("CERTIFICATE_NOT_FOUND", error.message)
        return Answer(status=404, document={**not_valid(missing), "checks": []})
    if found["valid"]:
        document = {"valid": True, "certificate": _only(found["certificate"], _VERIFIED)}
        return Answer(document={**document, "checks": found["checks"], "ledger": found["ledger"]})
    problem = VerificationError(str(found["error"]), found["message"], hint=_ASK)
    return Answer(status=status_of(problem), document={**not_valid(problem), "checks": found["checks"]})


async def show(call: Call) -> Answer:
    """Show a certificate, and what was claimed when it was asked for, which decides nothing."""
    certificate_id = call.path["cert_id"]
    shown = await call.placet.certificates.show(certificate_id)
    claims = await call.placet.client_certificates.claims(certificate_id)
    return Answer(document={**_only(shown, _SHOWN), "claims": claims})


async def revoke(call: Call) -> Answer:
    """Revoke a certificate."""
    certificate_id = call.path["cert_id"]
    await _check_scope(call, Verb.REVOKE, certificate_id)
    if not call.body.reason:
        raise InvalidInputError("MISSING_REASON", "a revocation has a reason", hint="key_compromise, for example")
    revoked = await call.placet.client_certificates.revoke(
        certificate_id, reason=call.body.reason, invalid_since=call.body.invalid_since, said=call.content
    )
    granted = {"authorization": revoked["authorization"] or None}
    return Answer(document={"success": True, **revoked, **granted, "warnings": warnings_of(call)})


async def list_(call: Call) -> Answer:
    """List the certificates of a package."""
    found: Any = await call.placet.certificates.list(call.path["package"])
    rows = [{**_only(each, _LISTED), "version": each["subject"]["version"]} for each in found["certificates"]]
    return Answer(document={"package_name": call.path["package"], "certificates": rows, "total": len(rows)})


async def crl(call: Call) -> Answer:
    """Give out the X.509 revocation list (DER) of an issuer, named as its certificates name it: `ISSUER.crl`."""
    return Answer(content=await call.placet.client_certificates.crl(call.path["file_name"]), media_type=_CRL)


async def _check_scope(call: Call, verb: str, certificate_id: str) -> None:
    """Check the scope for the package of a certificate; raise `NotFoundError` where there is none to be seen."""
    call.authenticated.check_scope(verb, await call.placet.client_certificates.package_of(certificate_id))


def _issued(call: Call, made: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "success": True,
        **_only(made, _ISSUED),
        "private_key": made.get("private_key"),
        "authorization": made["authorization"],
        "warnings": warnings_of(call),
    }


def _only(document: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names}


ROUTES = (
    Route(
        method="POST",
        path="/v1/certificates/issue",
        handler=issue,
        summary="Issue a certificate for a package version",
        tag=_TAG,
        scope=Verb.ISSUE,
        body=IssueRequest,
        answers={201: Issued},
        codes=(
            "UNSUPPORTED_CERTIFICATE_TYPE",
            "NAME_INVALID",
            "NAME_CONFUSABLE",
            "VERSION_INVALID",
            "TAR_SHA256_INVALID",
            *REQUEST_REFUSED,
            *REFUSED,
        ),
        links={
            "chronicle_report": {
                "requestBody": {
                    "event_type": "package.build.complete",
                    "package": "$request.body#/package_name",
                    "version": "$request.body#/version",
                    "cert_id": "$response.body#/cert_id",
                }
            }
        },
    ),
    Route(
        method="POST",
        path="/v1/certificates/{cert_id}/renew",
        handler=renew,
        summary="Issue a certificate that follows another one",
        tag=_TAG,
        scope=Verb.ISSUE,
        body=RenewRequest,
        answers={201: Issued},
        codes=("NOT_FOUND", "CERTIFICATE_REVOKED", "CERTIFICATE_EXPIRED", *REQUEST_REFUSED, *REFUSED),
    ),
    Route(
        method="GET",
        path="/v1/certificates/verify/{cert_id}",
        handler=verify,
        summary="Verify a certificate as of now",
        tag=_TAG,
        access=Access.PUBLIC,
        query=VerifyQuery,
        answers={200: Valid, 404: NotValid, 409: NotValid, 410: NotValid},
        codes=("CERTIFICATE_NOT_FOUND", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "INVALID_SIGNATURE"),
    ),
    Route(
        method="GET",
        path="/v1/certificates/package/{package}",
        handler=list_,
        summary="List the certificates of a package",
        tag=_TAG,
        answers={200: Certificates},
    ),
    Route(
        method="GET",
        path="/v1/certificates/{cert_id}",
        handler=show,
        summary="Show a certificate",
        tag=_TAG,
        answers={200: Certificate},
        codes=("NOT_FOUND",),
    ),
    Route(
        method="POST",
        path="/v1/certificates/{cert_id}/revoke",
        handler=revoke,
        summary="Revoke a certificate",
        tag=_TAG,
        scope=Verb.REVOKE,
        body=RevokeRequest,
        answers={200: Revoked},
        codes=("MISSING_REASON", "TIME_INVALID", "NOT_FOUND", *REFUSED),
    ),
    Route(
        method="GET",
        path="/crl/{file_name}",
        handler=crl,
        summary="Give out a revocation list",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: _CRL},
        codes=("NOT_FOUND",),
    ),
)
