"""Certificates as clients of the replaced services ask for them and for their end (contract 3)."""

from __future__ import annotations

import asyncio

from placet.bootstrap import Opened
from placet.core.entities.certificates import CertificateRecord
from placet.core.governed import Asked, authorization_of
from placet.core.granted import granted_by
from placet.core.said import keeping, said_under
from placet.core.sight import seen_certificate
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.profile import crl_name
from placet.domain.certificate.revocation import reason_in
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.foreign_json import JsonObject
from placet.domain.values.time import format_instant
from placet.errors import NotFoundError, UnavailableError
from placet.facade.certificates import Certificates, issued_in
from placet.ports.effects import Secret
from placet.ports.keys import AuthorityRole

_MAKING = asyncio.Semaphore(4)
"""How many keys are made at a time: making one takes a core for about a tenth of a second."""
_TOLD_AS_THEY_ARE = frozenset(
    {"", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "CERTIFICATE_NOT_YET_VALID", "DIGEST_MISMATCH"}
)
"""What may be wrong with a certificate besides its chain; the empty code is that nothing is."""
_CLAIMS = ("requester", "governance_approval")
_DIGEST = "sha256:"


class ClientCertificates:
    """Certificates whose keys the service makes where no request is sent, with claims that decide nothing."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context
        self._certificates = Certificates(opened)

    async def issue(
        self, package: str, version: str, *, csr: str = "", tar_sha256: str = "", said: bytes = b""
    ) -> Object:
        """Issue for the key of `csr` (PEM), or for an RSA-2048 key that is made now and returned this once.

        `said` is the whole request, as it came, whose claims are kept erasable. The answer is what `show`
        returns, with `private_key` where the key was made here, and `authorization`. Raise as
        `Certificates.issue`, and `UnavailableError` (`BUSY`) where too many keys are being made already.
        """
        digest = tar_sha256.removeprefix(_DIGEST)
        wanted = self._certificates.wanted(package, version, tar_sha256=digest, made_here=not csr)
        secret, request = await self._key_for(csr)
        asked = await self._certificates.certify(wanted, request, said=keeping(self._context, said))
        return await self._given_out(asked, secret)

    async def renew(self, certificate_id: str, *, csr: str = "") -> Object:
        """Renew as `Certificates.renew`, with a key as `issue`."""
        await self.package_of(certificate_id)
        secret, request = await self._key_for(csr)
        wanted = await self._certificates.successor(certificate_id, made_here=not csr)
        return await self._given_out(await self._certificates.certify(wanted, request), secret)

    async def revoke(self, certificate_id: str, *, reason: str, invalid_since: str = "", said: bytes = b"") -> Object:
        """Revoke for a reason in the client's own words, `said` being the whole request, as it came.

        Words that name no reason of X.509 count as `unspecified`. The answer has the words of the
        revocation that holds: the first, unless a later one makes more void. Raise as `Certificates.revoke`.
        """
        kept = keeping(self._context, said)
        receipt_id = await self._certificates.end(
            certificate_id, reason_in(reason), invalid_since=invalid_since, said=kept
        )
        record = await self._seen(certificate_id)
        revocation = record.revocation
        assert revocation is not None  # noqa: S101 - it was revoked before or just now, else this was not reached
        words = (await said_under(self._context, record.revoked_saying)).get("reason")
        return {
            "cert_id": certificate_id,
            "status": "revoked",
            "revoked_at": format_instant(revocation.revoked_at),
            "reason": words if isinstance(words, str) else revocation.reason.value,
            "authorization": await granted_by(self._context, receipt_id) if receipt_id else {},
        }

    async def claims(self, certificate_id: str) -> JsonObject:
        """Return the claims that came with the request for a certificate; raise `NotFoundError`."""
        said = await said_under(self._context, (await self._seen(certificate_id)).claims)
        return {name: said[name] for name in _CLAIMS if name in said}

    async def package_of(self, certificate_id: str) -> str:
        """Return the package of a certificate that the caller may see; raise `NotFoundError`."""
        return (await self._seen(certificate_id)).package

    async def verify(self, certificate_id: str, *, sha256: str = "") -> Object:
        """Verify as `Certificates.verify`; whatever is wrong with the chain is `INVALID_SIGNATURE`."""
        found = await self._certificates.verify(certificate_id, sha256=sha256.removeprefix(_DIGEST))
        return found if found["error"] in _TOLD_AS_THEY_ARE else {**found, "error": "INVALID_SIGNATURE"}

    async def crl(self, file_name: str) -> bytes:
        """Return the DER of the revocation list that certificates name so, or by its issuer's role.

        Raise `NotFoundError` where no issuer of this installation has it, and as `issue_crl`.
        """
        for role, issuer in zip(
            (AuthorityRole.INTERMEDIATE, AuthorityRole.ROOT), self._context.authority.chain, strict=True
        ):
            if file_name in (crl_name(issuer), f"{role.value}.crl"):
                return (await self._certificates.crl(role.value))[1]
        raise NotFoundError("NOT_FOUND", "there is no such revocation list here")

    async def _given_out(self, asked: Asked, secret: Secret | None) -> Object:
        key: Object = {"private_key": secret.reveal()} if secret else {}
        issued = await self._certificates.show(issued_in(asked))
        return {**issued, **key, "authorization": await authorization_of(self._context, asked)}

    async def _seen(self, certificate_id: str) -> CertificateRecord:
        return await seen_certificate(self._context, self._opened.caller, certificate_id)

    async def _key_for(self, csr: str) -> tuple[Secret | None, bytes]:
        """Return the request `csr`, or a new key with its request, made in a thread: few at a time."""
        if csr:
            return None, csr.encode()
        if _MAKING.locked():
            raise UnavailableError("BUSY", "too many keys are being made", hint="send a csr, or try again in a second")
        async with _MAKING:
            return await asyncio.to_thread(self._certificates.make_key, KeyAlgorithm.RSA_2048.value)
