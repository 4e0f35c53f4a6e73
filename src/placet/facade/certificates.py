"""Certificates of package versions: issue, show, list, verify, revoke, revocation lists (contract 3, protocol 8)."""

from __future__ import annotations

import re

from msgspec import Struct

from placet.bootstrap import Opened
from placet.core.acts.act import PROVIDER
from placet.core.acts.issue_certificate import REQUEST_ARTIFACT
from placet.core.entities.certificates import CertificateRecord
from placet.core.entities.stored import missing
from placet.core.governed import Asked, ask
from placet.core.key_making import make_key
from placet.core.lookup import find_certificates
from placet.core.runs import Intent
from placet.core.said import NOTHING_SAID, Said
from placet.core.sight import seen_certificate, sight_of
from placet.domain.authorization.api_key import Verb
from placet.domain.authorization.operation import Subject
from placet.domain.certificate.binding import KeyOrigin
from placet.domain.certificate.crl import crl_pem, is_crl
from placet.domain.certificate.keys import public_key_digest
from placet.domain.certificate.profile import crl_name, crl_url
from placet.domain.certificate.request import requested_key
from placet.domain.certificate.revocation import Revocation, RevocationReason, parse_reason
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.pem import kept_certificate, public_key_pem, write_pem
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OperationKind
from placet.domain.values.npm import parse_package_name, parse_version
from placet.domain.values.time import format_instant, parse_instant
from placet.errors import InvalidInputError
from placet.facade.requester import requester_of
from placet.facade.visible import check_scope
from placet.ports.effects import Secret
from placet.ports.keys import AuthorityRole
from placet.usecases.certify_package import artifact_of
from placet.usecases.issue_crl import issue_crl
from placet.usecases.verify_certificate import CertificateVerdict, verify_certificate

_TAR_SHA256 = re.compile(r"([0-9a-f]{64})?")


class WantedCertificate(Struct, frozen=True, kw_only=True):
    """A certificate that somebody wants: what it is about, and which one it follows."""

    subject: Subject
    tar_sha256: str
    origin: KeyOrigin
    renews: str = ""


def issued_in(asked: Asked) -> str:
    """Return the certificate that was issued as it was asked for."""
    return str(asked.report.response["certificate_id"])


class Certificates:
    """Certificates by id and by package. No private key is kept."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    def make_key(self, algorithm: str) -> tuple[Secret, bytes]:
        """Return a new private key (PKCS #8, PEM), which is nowhere else, and a request for it."""
        return make_key(self._context.key_maker, algorithm)

    async def issue(
        self, package: str, version: str, *, request: bytes, made_here: bool, tar_sha256: str = "", requester: str = ""
    ) -> Object:
        """Issue a certificate for the key of `request` (PEM) and, where given, for one unstamped archive.

        `made_here` tells that `make_key` made the key. Raise as `ask`, and for a request or key
        that is not acceptable.
        """
        check_scope(self._opened, Verb.ISSUE, package)
        wanted = self.wanted(package, version, tar_sha256=tar_sha256, made_here=made_here)
        return await self.show(issued_in(await self.certify(wanted, request, requester=requester)))

    @staticmethod
    def wanted(package: str, version: str, *, tar_sha256: str, made_here: bool) -> WantedCertificate:
        """Return what is wanted; raise `InvalidInputError` where it is none: a name, a version, a digest."""
        if _TAR_SHA256.fullmatch(tar_sha256) is None:
            raise InvalidInputError("TAR_SHA256_INVALID", f"{tar_sha256[:80]!a} is not the hex of a SHA-256")
        return WantedCertificate(
            subject=Subject(
                provider=PROVIDER, name=parse_package_name(package), version=parse_version(version), tag=""
            ),
            tar_sha256=tar_sha256,
            origin=KeyOrigin.SERVER if made_here else KeyOrigin.CSR,
        )

    async def renew(self, certificate_id: str, *, request: bytes, made_here: bool, requester: str = "") -> Object:
        """Issue a certificate for the same package version and archive, with the new key of `request` (PEM).

        The old one stays until it ends. Raise as `issue`, and `DeniedError` (`CERTIFICATE_REVOKED`,
        `CERTIFICATE_EXPIRED`) where it does not count any more.
        """
        wanted = await self.successor(certificate_id, made_here=made_here)
        return await self.show(issued_in(await self.certify(wanted, request, requester=requester)))

    async def successor(self, certificate_id: str, *, made_here: bool) -> WantedCertificate:
        """Return what is wanted where a certificate is to be renewed; raise as `renew`."""
        old = await self._seen(certificate_id)
        check_scope(self._opened, Verb.ISSUE, old.package)
        return WantedCertificate(
            subject=Subject(provider=PROVIDER, name=old.package, version=old.version, tag=""),
            tar_sha256=old.tar_sha256,
            origin=KeyOrigin.SERVER if made_here else KeyOrigin.CSR,
            renews=old.certificate_id,
        )

    async def certify(
        self, wanted: WantedCertificate, request: bytes, *, requester: str = "", said: Said = NOTHING_SAID
    ) -> Asked:
        """Issue what is wanted for the key of `request` (PEM), as `issue`; `said` is what a client said with it."""
        key = requested_key(request)
        more: Object = {"renews": wanted.renews} if wanted.renews else {}
        more |= {"said": said.digest} if said.digest else {}
        intent = Intent(
            kind=OperationKind.ISSUE_CERTIFICATE,
            subject=wanted.subject,
            params={
                "key_origin": wanted.origin.value,
                "tar_sha256": wanted.tar_sha256,
                "public_key_digest": public_key_digest(key),
                **more,
            },
            artifacts=(artifact_of(REQUEST_ARTIFACT, request),),
        )
        who = await requester_of(self._opened, requester)
        return await ask(self._context, intent, requester=who, contents={REQUEST_ARTIFACT: request}, said=said)

    async def show(self, certificate_id: str) -> Object:
        """Return a certificate with its chain, and where it stands; raise `NotFoundError`."""
        record = await self._seen(certificate_id)
        return {**self._row(record), **self._content(record)}

    async def list(self, package: str = "") -> Object:
        """Return the certificates of a package, or all of them, oldest first."""
        sight = await sight_of(self._context, self._opened.caller)
        found = await find_certificates(self._context, sight.name_for(package) if package else "")
        records = [each for each in found if sight.sees(each.package)]
        return {"package_name": package, "certificates": [self._row(each) for each in records], "total": len(records)}

    async def verify(self, certificate_id: str, *, sha256: str = "") -> Object:
        """Return whether a certificate is valid now, check by check; `error` is empty where it is.

        With the hex `sha256` of a tarball, also whether it is what was published under the certificate.
        """
        await self._seen(certificate_id)
        verdict = await verify_certificate(self._context, certificate_id, sha256=sha256)
        problem = verdict.problem
        return {
            "valid": problem is None,
            "error": problem.code if problem else "",
            "message": problem.message if problem else "",
            "certificate": self._row(verdict.certificate),
            "checks": _checks(verdict),
            "ledger": {"index": verdict.index, "checkpoint": verdict.checkpoint},
        }

    async def revoke(self, certificate_id: str, *, reason: str, invalid_since: str = "", requester: str = "") -> Object:
        """Revoke: what was signed at or after `invalid_since` (now, where empty) no longer counts.

        Revoking twice returns the first revocation, or what it became where the second one makes more
        void: an earlier `invalid_since`. Raise `InvalidInputError` (`REASON_INVALID`,
        `TIME_INVALID`) and as `ask`.
        """
        await self.end(certificate_id, parse_reason(reason), invalid_since=invalid_since, requester=requester)
        return self._row(await self._seen(certificate_id))

    async def end(
        self,
        certificate_id: str,
        reason: RevocationReason,
        *,
        invalid_since: str = "",
        requester: str = "",
        said: Said = NOTHING_SAID,
    ) -> str:
        """Revoke as `revoke`; return the receipt, empty where nothing was to be done. `said` is in a client's words."""
        params: Object = {
            "certificate_id": certificate_id,
            "reason": reason.value,
            "invalid_since": format_instant(parse_instant(invalid_since)) if invalid_since else "",
        }
        record = await self._seen(certificate_id)
        check_scope(self._opened, Verb.REVOKE, record.package)
        if record.revocation is not None and not self._makes_more_void(record.revocation, params):
            return ""
        subject = Subject(provider=PROVIDER, name=record.package, version=record.version, tag="")
        more: Object = {"said": said.digest} if said.digest else {}
        intent = Intent(kind=OperationKind.REVOKE_CERTIFICATE, subject=subject, params={**params, **more})
        who = await requester_of(self._opened, requester)
        return (await ask(self._context, intent, requester=who, contents={}, said=said)).report.receipt_id

    def _makes_more_void(self, standing: Revocation, params: Object) -> bool:
        now, since = self._context.clock.now(), str(params["invalid_since"])
        said = Revocation(
            certificate_id=standing.certificate_id,
            reason=parse_reason(str(params["reason"])),
            revoked_at=now,
            invalid_since=parse_instant(since) if since else now,
        )
        return standing.tightened(said) != standing

    async def crl(self, issuer: str = "intermediate") -> tuple[Object, bytes]:
        """Return the X.509 revocation list of the `intermediate` or the `root` as an object, and its DER.

        It is at most a day old and names every revocation that there is. `file_name` and `url` are
        what its certificates say. Raise as `issue_crl`, and `NotFoundError` for another issuer.
        """
        if issuer not in tuple(AuthorityRole):
            raise missing(f"revocation list of {issuer[:40]!a}")
        crl = await issue_crl(self._context, AuthorityRole(issuer))
        shown: Object = {
            "issuer": crl.issuer.subject.rfc4514_string(),
            "file_name": crl_name(crl.issuer),
            "url": crl_url(self._context.settings.bases.id, crl.issuer),
            "number": crl.number,
            "this_update": format_instant(crl.this_update),
            "next_update": format_instant(crl.next_update),
            "sha256": sha256(crl.der).removeprefix("sha256:"),
            "revoked": [{"serial_number": f"{e.serial:x}", **e.revocation.to_object()} for e in crl.revoked],
            "pem": crl_pem(crl.der).decode("ascii"),
        }
        return shown, crl.der

    @staticmethod
    def is_crl(content: bytes) -> bool:
        """Tell whether `content` is some revocation list: what a newer one may replace."""
        return is_crl(content)

    async def _seen(self, certificate_id: str) -> CertificateRecord:
        return await seen_certificate(self._context, self._opened.caller, certificate_id)

    def _row(self, record: CertificateRecord) -> Object:
        return {
            "cert_id": record.certificate_id,
            "chitty_id": record.chitty_uri,
            "type": "package",
            "subject": {
                "package_name": record.package,
                "version": record.version,
                "common_name": record.certificate_id,
            },
            "fingerprint": record.fingerprint,
            "tar_sha256": record.tar_sha256,
            "status": self._status(record),
            "issued_at": format_instant(record.issued_at),
            "expires_at": format_instant(record.expires_at),
            "run_id": record.run_id,
            "receipt_id": record.receipt_id,
            "event_id": record.event_id,
            "revocation": record.revocation.to_object() if record.revocation else {},
            "renews": record.renews,
        }

    def _content(self, record: CertificateRecord) -> Object:
        certificate = kept_certificate(record.der)
        return {
            "issuer": certificate.issuer.rfc4514_string(),
            "serial_number": f"{certificate.serial_number:x}",
            "public_key": public_key_pem(certificate).decode("ascii"),
            "verify_url": f"{self._context.settings.bases.id}/v1/certificates/verify/{record.certificate_id}",
            "pem": write_pem(certificate).decode("ascii"),
            "chain": write_pem(*self._context.authority.chain).decode("ascii"),
        }

    def _status(self, record: CertificateRecord) -> str:
        if record.revocation is not None:
            return "revoked"
        return "expired" if self._context.clock.now() > record.expires_at else "active"


def _checks(verdict: CertificateVerdict) -> list[Value]:
    checks: list[Value] = [
        {
            "check": each.name,
            "result": "fail" if each.problem else "pass",
            "detail": each.problem.message if each.problem else "",
        }
        for each in verdict.checks
    ]
    published = verdict.registration
    detail = (
        f"published under receipt {published.publication_receipt}" if published else "nothing was published under it"
    )
    checks.append({"check": "publication", "result": "executed" if published else "none", "detail": detail})
    return checks
