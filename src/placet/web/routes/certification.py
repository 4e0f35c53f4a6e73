"""Certificates in full, for the command line and the console; old clients have their own endpoints (contract 3)."""

from __future__ import annotations

from placet.domain.authorization.api_key import Verb
from placet.web.authorization import REFUSED, REQUEST_REFUSED
from placet.web.documents.certification import (
    ArchiveQuery,
    CertificateChecked,
    CertificateInFull,
    CertificateList,
    CertificateRow,
    CertificatesOf,
    CertificateWanted,
    RenewalWanted,
    RevocationList,
    RevocationWanted,
    SignedRevocations,
)
from placet.web.route import Answer, Call, Route

_TAG = "certification"
_CERTIFICATES = "/api/v1/certificates"
_CERTIFICATE = "/api/v1/certificates/{cert_id}"
_ISSUING = ("REQUESTER_MISMATCH", *REQUEST_REFUSED, *REFUSED)


async def list_(call: Call) -> Answer:
    """List the certificates of a package or a package version, or all of them."""
    return Answer(document=await call.placet.certificates.list(call.query.package))


async def issue(call: Call) -> Answer:
    """Issue a certificate for the key of a request; no key is made here."""
    wanted: CertificateWanted = call.body
    made = await call.placet.certificates.issue(
        wanted.package,
        wanted.version,
        request=wanted.csr.encode(),
        made_here=False,
        tar_sha256=wanted.tar_sha256,
        requester=wanted.requester,
    )
    return Answer(status=201, document=made)


async def renew(call: Call) -> Answer:
    """Issue a certificate that follows another one, for a new key."""
    wanted: RenewalWanted = call.body
    made = await call.placet.certificates.renew(
        call.path["cert_id"], request=wanted.csr.encode(), made_here=False, requester=wanted.requester
    )
    return Answer(status=201, document=made)


async def show(call: Call) -> Answer:
    """Show a certificate with its chain, and where it stands."""
    return Answer(document=await call.placet.certificates.show(call.path["cert_id"]))


async def verify(call: Call) -> Answer:
    """Verify a certificate as of now, check by check."""
    return Answer(document=await call.placet.certificates.verify(call.path["cert_id"], sha256=call.query.sha256))


async def revoke(call: Call) -> Answer:
    """Revoke a certificate."""
    wanted: RevocationWanted = call.body
    done = await call.placet.certificates.revoke(
        call.path["cert_id"],
        reason=wanted.reason,
        invalid_since=wanted.invalid_since,
        requester=wanted.requester,
    )
    return Answer(document=done)


async def crl(call: Call) -> Answer:
    """Give out the X.509 revocation list of the `intermediate` or the `root`."""
    made, _ = await call.placet.certificates.crl(call.path["issuer"])
    return Answer(document=made)


async def revocations(call: Call) -> Answer:
    """Give out the log's own signed list of revocations, known to an instant of the last day."""
    made, signed = await call.placet.verification.fresh_revocations()
    return Answer(document={**made, "signed": signed.decode("ascii")})


async def evidence(call: Call) -> Answer:
    """Give out the newest evidence bundle of a package version."""
    bundle = await call.placet.verification.evidence_for(call.path["package"], call.path["version"])
    return Answer(content=bundle)


ROUTES = (
    Route(
        method="GET",
        path=_CERTIFICATES,
        handler=list_,
        summary="List certificates in full",
        tag=_TAG,
        query=CertificatesOf,
        answers={200: CertificateList},
    ),
    Route(
        method="POST",
        path=_CERTIFICATES,
        handler=issue,
        summary="Issue a certificate for a request",
        tag=_TAG,
        scope=Verb.ISSUE,
        body=CertificateWanted,
        answers={201: CertificateInFull},
        codes=(*_ISSUING, "NAME_INVALID", "NAME_CONFUSABLE", "VERSION_INVALID", "TAR_SHA256_INVALID"),
    ),
    Route(
        method="GET",
        path=_CERTIFICATE,
        handler=show,
        summary="Show a certificate in full",
        tag=_TAG,
        answers={200: CertificateInFull},
    ),
    Route(
        method="GET",
        path=f"{_CERTIFICATE}/verification",
        handler=verify,
        summary="Verify a certificate, check by check",
        tag=_TAG,
        query=ArchiveQuery,
        answers={200: CertificateChecked},
    ),
    Route(
        method="POST",
        path=f"{_CERTIFICATE}/renew",
        handler=renew,
        summary="Renew a certificate for a request",
        tag=_TAG,
        scope=Verb.ISSUE,
        body=RenewalWanted,
        answers={201: CertificateInFull},
        codes=(*_ISSUING, "CERTIFICATE_REVOKED", "CERTIFICATE_EXPIRED"),
    ),
    Route(
        method="POST",
        path=f"{_CERTIFICATE}/revoke",
        handler=revoke,
        summary="Revoke a certificate",
        tag=_TAG,
        scope=Verb.REVOKE,
        body=RevocationWanted,
        answers={200: CertificateRow},
        codes=("REASON_INVALID", "REQUESTER_MISMATCH", "TIME_INVALID", *REFUSED),
    ),
    Route(
        method="GET",
        path="/api/v1/crl/{issuer}",
        handler=crl,
        summary="Give out an X.509 revocation list",
        tag=_TAG,
        answers={200: RevocationList},
    ),
    Route(
        method="GET",
        path="/api/v1/revocations",
        handler=revocations,
        summary="Give out the log's signed list of revocations",
        tag=_TAG,
        answers={200: SignedRevocations},
    ),
    Route(
        method="GET",
        path="/api/v1/packages/{package}/{version}/evidence",
        handler=evidence,
        summary="Give out the evidence bundle of a package version",
        tag=_TAG,
        answers={200: "application/json"},
        codes=("NOT_PUBLISHED", "EVIDENCE_MISSING"),
    ),
)
