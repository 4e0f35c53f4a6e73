"""Certify one package version: certificate, stamp, signed statement, all before the plan (protocol 8)."""

from __future__ import annotations

import asyncio
import hashlib

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from placet.core.acts.act import PROVIDER
from placet.core.acts.issue_certificate import REQUEST_ARTIFACT
from placet.core.context import Context
from placet.core.entities.certificates import CertificateRecord, certificate_key, read_certificate
from placet.core.entities.governance import POLICY_IN_FORCE, read_policy_in_force
from placet.core.entities.runs import Run
from placet.core.entities.stored import entity_of, required
from placet.core.execute import execute_plan
from placet.core.runs import Intent, add_plan, stored_run
from placet.domain.authorization.operation import Artifact, Subject
from placet.domain.certificate.keys import KeyAlgorithm, public_key_digest
from placet.domain.certificate.request import make_request
from placet.domain.encoding.archive import ArchiveReading, read_archive
from placet.domain.encoding.pem import read_certificate_der, write_pem
from placet.domain.encoding.signature import PrivateKey
from placet.domain.package.metadata import (
    BuildClaim,
    CertificateClaim,
    GovernanceClaim,
    PackageMetadata,
    ProvenanceClaim,
)
from placet.domain.package.stamp import STAMP_RULE, stamp
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import OperationKind
from placet.domain.verification.statement import Publication, sign_publication


class Certified(Struct, frozen=True, kw_only=True):
    """A package version as it will be published: stamped archive, certificate chain, signed statement."""

    run: Run
    package: ArchiveReading
    certificate: CertificateRecord
    archive: Artifact
    certificate_pem: Artifact
    statement: Artifact


async def certify_package(context: Context, run: Run, tgz: bytes, package: ArchiveReading) -> Certified:
    """Issue a certificate bound to the unstamped archive, stamp it, and sign the statement about the result.

    The private key is made here, signs once, and is dropped with this call: it is never written.
    Everything that the publication will send is in the blob store on return.
    """
    key = context.key_maker.private_key(KeyAlgorithm.P256)
    certificate = await _issue(context, run, package, key)
    context.at("certificate.issued")
    block, name = await _metadata(context, run, package, certificate), context.settings.metadata_key
    stamped = await asyncio.to_thread(stamp, tgz, block, key=name)  # a service answers others meanwhile
    archive = await keep(context, f"{package.version}.tgz", stamped)
    pem = await keep_certificate(context, package, certificate)
    context.at("archive.stamped")
    statement = await _sign(context, package, certificate, stamped, key)
    context.at("statement.signed")
    return Certified(
        run=await stored_run(context, run.run_id),
        package=package,
        certificate=certificate,
        archive=archive,
        certificate_pem=pem,
        statement=statement,
    )


def certificate_name(package: ArchiveReading) -> str:
    """Return the name of the artifact that is a package's certificate with its chain."""
    return f"{package.version}.tgz.cert.pem"


async def keep_certificate(context: Context, package: ArchiveReading, certificate: CertificateRecord) -> Artifact:
    """Put a package's certificate with its chain into the blob store and return its artifact."""
    chain = (read_certificate_der(certificate.der), *context.authority.chain)
    return await keep(context, certificate_name(package), write_pem(*chain))


async def keep(context: Context, name: str, content: bytes) -> Artifact:
    """Put `content` into the blob store and return the artifact that names it."""
    await context.blobs.put(content)
    return artifact_of(name, content)


def artifact_of(name: str, content: bytes) -> Artifact:
    """Return the artifact that names `content`."""
    return Artifact(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        sha512=hashlib.sha512(content).hexdigest(),
        size=len(content),
    )


def certificate_intent(
    package: ArchiveReading, *, public_key_digest: str = "", request: Artifact | None = None
) -> Intent:
    """Return the operation that certifies a package; without a request, as a dry run plans it: no key is made."""
    return Intent(
        kind=OperationKind.ISSUE_CERTIFICATE,
        subject=Subject(provider=PROVIDER, name=package.name, version=package.version, tag=""),
        params={
            "key_origin": "csr",
            "tar_sha256": _hex(package.tarball_hash),
            "public_key_digest": public_key_digest,
        },
        artifacts=(request,) if request else (),
        not_made=() if request else ("certificate",),
    )


async def _issue(context: Context, run: Run, package: ArchiveReading, key: PrivateKey) -> CertificateRecord:
    request = await keep(context, REQUEST_ARTIFACT, make_request(key).public_bytes(Encoding.PEM))
    digest = public_key_digest(key.public_key())
    plan = await add_plan(context, run, [certificate_intent(package, public_key_digest=digest, request=request)])
    context.at("certificate.planned")
    reports = await execute_plan(context, plan, actor=run.requester)
    key_of = certificate_key(str(reports[0].response["certificate_id"]))
    return read_certificate(required(await context.store.load([key_of]), key_of, "certificate"))


async def _metadata(
    context: Context, run: Run, package: ArchiveReading, certificate: CertificateRecord
) -> PackageMetadata:
    """Return the block: only what is true before the plan; approvals of these bytes are found at its URLs."""
    bases = context.settings.bases
    policy = entity_of(await context.store.load([POLICY_IN_FORCE]), POLICY_IN_FORCE)
    return PackageMetadata(
        service_id=run.run_id,
        domain=context.issuer.partition("/")[0],
        certificate=CertificateClaim(
            cert_id=certificate.certificate_id,
            chitty_id=certificate.chitty_uri,
            fingerprint=certificate.fingerprint,
            issued_at=certificate.issued_at,
            expires_at=certificate.expires_at,
            verify_url=f"{bases.id}/v1/certificates/verify/{certificate.certificate_id}",
        ),
        provenance=ProvenanceClaim(
            chronicle_event=certificate.event_id,
            chronicle_url=f"{bases.api}/chronicle/events/{certificate.event_id}",
            tarball_hash=package.tarball_hash,
            r2_storage=f"packages/{package.name}/{package.version}.tgz",
            registry_url=f"{bases.registry}/registry/packages/{package.name}/{package.version}",
        ),
        governance=GovernanceClaim(
            approved_by=(),
            approval_date=None,
            approval_url=f"{bases.api}/runs/{run.run_id}",
            policy_version=read_policy_in_force(policy).version if policy else "",
        ),
        build=BuildClaim(commit="", workflow_run="", timestamp=None),
    )


async def _sign(
    context: Context, package: ArchiveReading, certificate: CertificateRecord, stamped: bytes, key: PrivateKey
) -> Artifact:
    """Sign the statement about the stamped archive, read again from the bytes that will be sent."""
    reading = await asyncio.to_thread(read_archive, stamped)
    publication = Publication(
        package=package.name,
        version=package.version,
        certificate_id=certificate.certificate_id,
        sha256=reading.digests.sha256,
        sha512=reading.digests.sha512,
        tar_sha256=_hex(package.tarball_hash),
        archive_profile=reading.profile,
        stamp_rule=STAMP_RULE,
        files=tuple(sorted((file.path, file.mode, _hex(file.sha256)) for file in reading.files)),
    )
    return await keep(context, "statement.dsse.json", sign_publication(publication, key).encode())


def _hex(digest: Digest) -> str:
    return digest.removeprefix("sha256:")
