"""Certificates, receipts, evidence and the ledger of a service."""

from __future__ import annotations

from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from placet.client.tools import Tools
from placet.client.waiting import RUNS
from placet.client.wire import Wire
from placet.core.key_making import make_key
from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.canonical import Object
from placet.domain.verification.bundle import parse_bundle
from placet.errors import PlacetError, UnavailableError, VerificationError
from placet.ports.effects import Secret

_CERTIFICATES = ("api", "v1", "certificates")
_RECEIPTS = ("api", "v1", "receipts")
_LEDGER = ("api", "v1", "ledger")


class RemoteCertificates:
    """Certificates by id and by package. Keys are made here, and their private halves stay here."""

    def __init__(self, wire: Wire, tools: Tools) -> None:
        """Ask over `wire`."""
        self._wire = wire
        self._tools = tools

    def make_key(self, algorithm: str) -> tuple[Secret, bytes]:
        """Return a new private key (PKCS #8, PEM), which is nowhere else, and a request for it."""
        return make_key(self._tools.key_maker, algorithm)

    async def issue(
        self, package: str, version: str, *, request: bytes, made_here: bool, tar_sha256: str = "", requester: str = ""
    ) -> Object:
        """Ask for a certificate for the key of `request`: to the service it comes from outside, wherever made."""
        del made_here
        body = {
            "package": package,
            "version": version,
            "csr": request.decode("ascii", "replace"),
            "tar_sha256": tar_sha256,
            "requester": requester,
        }
        return await self._wire.post(*_CERTIFICATES, body=body)

    async def renew(self, certificate_id: str, *, request: bytes, made_here: bool, requester: str = "") -> Object:
        """Ask for a certificate that follows another one, for the key of `request`."""
        del made_here
        body = {"csr": request.decode("ascii", "replace"), "requester": requester}
        return await self._wire.post(*_CERTIFICATES, certificate_id, "renew", body=body)

    async def show(self, certificate_id: str) -> Object:
        """Return a certificate with its chain, and where it stands."""
        return await self._wire.get(*_CERTIFICATES, certificate_id)

    async def list(self, package: str = "") -> Object:
        """Return the certificates of a package, or all of them, oldest first."""
        return await self._wire.get(*_CERTIFICATES, package=package)

    async def verify(self, certificate_id: str, *, sha256: str = "") -> Object:
        """Return whether a certificate is valid now, check by check."""
        return await self._wire.get(*_CERTIFICATES, certificate_id, "verification", sha256=sha256)

    async def revoke(self, certificate_id: str, *, reason: str, invalid_since: str = "", requester: str = "") -> Object:
        """Revoke: what was signed at or after `invalid_since` (now, where empty) no longer counts."""
        body = {"reason": reason, "invalid_since": invalid_since, "requester": requester}
        return await self._wire.post(*_CERTIFICATES, certificate_id, "revoke", body=body)

    async def crl(self, issuer: str = "intermediate") -> tuple[Object, bytes]:
        """Return the X.509 revocation list of the `intermediate` or the `root` as an object, and its DER."""
        made = await self._wire.get("api", "v1", "crl", issuer)
        try:
            der = x509.load_pem_x509_crl(str(made["pem"]).encode()).public_bytes(Encoding.DER)
        except (KeyError, ValueError) as error:
            raise UnavailableError("SERVER_ANSWER_INVALID", "the service sent no revocation list") from error
        return made, der


class RemoteReceipts:
    """Receipts by id."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def show(self, receipt_id: str) -> Object:
        """Return a receipt's payload, its state, its checks, and the entries that tell its life."""
        return await self._wire.get(*_RECEIPTS, receipt_id)

    async def revoke(self, receipt_id: str, *, requester: str = "") -> Object:
        """Take back a receipt that was not used."""
        return await self._wire.post(*_RECEIPTS, receipt_id, "revoke", body={"requester": requester})


class RemoteVerification:
    """Evidence that a service holds. What it proves is judged here."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def evidence(self, run_id: str) -> bytes:
        """Return the evidence bundle of a published run, as of now."""
        return await self._wire.get_bytes(*RUNS, run_id, "evidence")

    async def evidence_for(self, package: str, version: str) -> bytes:
        """Return the newest evidence bundle of a package version."""
        return await self._wire.get_bytes("api", "v1", "packages", package, version, "evidence")

    async def evidence_of(self, tgz: bytes) -> bytes:
        """Return the newest evidence bundle of the version that an archive says it is; the archive stays here."""
        reading = read_archive(tgz)
        return await self.evidence_for(reading.name, reading.version)

    async def compare(self, bundle: bytes) -> None:
        """Hold the service's ledger against the checkpoint in a bundle of it; raise `UnavailableError` (`SEALED`)."""
        try:
            checkpoint = parse_bundle(bundle).checkpoint
        except PlacetError:
            return  # its first step refuses it
        with suppress(VerificationError):  # of another log, or not signed by this one: it tells nothing
            await self._wire.post(*_LEDGER, "observations", body={"checkpoint": checkpoint})

    async def revocations(self, origin: str = "") -> bytes:
        """Return the log's signed list of revocations as of now; nothing where `origin` is another log."""
        made, signed = await self.fresh_revocations()
        return signed if origin in ("", made["origin"]) else b""

    async def fresh_revocations(self) -> tuple[Object, bytes]:
        """Return the log's signed list of revocations, known to an instant of the last day."""
        sent = await self._wire.get("api", "v1", "revocations")
        signed = sent.get("signed")
        if not isinstance(signed, str):
            raise UnavailableError("SERVER_ANSWER_INVALID", "the service sent no list of revocations")
        return {name: value for name, value in sent.items() if name != "signed"}, signed.encode()


class RemoteLedger:
    """The ledger of a service."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def show(self, *, start: int | None = None, count: int = 20) -> Object:
        """Return how the ledger stands, and `count` of its entries, by default the newest."""
        return await self._wire.get(*_LEDGER, start=start, count=count)

    async def verify(self, *, full: bool = True, notes: tuple[str, ...] = (), readers: int = 0) -> Object:  # noqa: ARG002 - the service has its own
        """Have the service recompute everything, and return what it says; `notes` are checkpoints that others kept."""
        return await self._wire.post(*_LEDGER, "verification", body={"full": full, "checkpoints": list(notes)})

    async def checkpoint(self) -> Object:
        """Return the signed note over everything there is, to be kept elsewhere."""
        return await self._wire.get(*_LEDGER, "checkpoint")

    async def prove(self, seq: int, *, size: int | None = None) -> Object:
        """Return the proof that entry `seq` is in the log, under a signed checkpoint."""
        return await self._wire.get(*_LEDGER, "proof", seq=seq, size=size)

    async def prove_growth(self, note: str) -> Object:
        """Return the proof that the log still begins with everything that a kept checkpoint stated."""
        return await self._wire.post(*_LEDGER, "consistency", body={"checkpoint": note})
