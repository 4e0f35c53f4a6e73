"""Verify publications offline: with a bundle and a trust root, or with what the home knows (protocol 8)."""

from __future__ import annotations

import hashlib

from placet.bootstrap import TRUST_ROOT_FILE, Opened
from placet.core.entities.registrations import read_registration, registration_key
from placet.core.entities.runs import Run, RunState
from placet.core.entities.stored import entity_of
from placet.core.lookup import find_runs
from placet.domain.authorization.break_glass import BrokenGlass
from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.kinds import Mode
from placet.domain.values.time import format_instant
from placet.domain.verification.trust_root import parse_trust_root
from placet.domain.verification.verdict import Verdict
from placet.domain.verification.verifier import NOTHING, Held, verify_bundle
from placet.errors import NotFoundError, VerificationError
from placet.usecases.collect_evidence import collect_evidence


def verify(bundle: bytes, trust_root: bytes, held: Held = NOTHING) -> Object:
    """Return what `bundle` proves to whoever believes `trust_root`; needs no installation.

    Raise `VerificationError` with the code of the first step that fails.
    """
    return verdict(verify_bundle(bundle, parse_trust_root(trust_root), held))


def verdict(each: Verdict) -> Object:
    """Return a verdict: what was published, on whose yes, and as of when nothing speaks against it."""
    return {
        "verified": True,
        "package": each.package,
        "version": each.version,
        "sha256": each.sha256,
        "sha512": each.sha512,
        "certificate_id": each.certificate_id,
        "certificate_fingerprint": each.certificate_fingerprint,
        "run_id": each.run_id,
        "receipts": list(each.receipts),
        "requester": each.requester,
        "break_glass": _exception(each.glass),
        "approvers": [{"approver": approver, "assurance": assurance} for approver, assurance in each.approvers],
        "policy_version": each.policy_version,
        "published_at": format_instant(each.published_at),
        "as_of": {"origin": each.origin, "size": each.size},
        "revocations_known_to": format_instant(each.revocations_known_to),
        "revoked_later": [each.revocation.to_object()] if each.revocation else [],
        "steps": {name.replace(" ", "_").replace(",", ""): result for name, result in each.steps.items()},
    }


def _exception(glass: BrokenGlass | None) -> Object:
    if glass is None:
        return {}
    return {"waives": list[Value](sorted(glass.waives)), "justification": glass.justification}


class Verification:
    """Evidence that an installation holds."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._context = opened.context
        self._opened = opened

    async def evidence(self, run_id: str) -> bytes:
        """Return the evidence bundle of a published run, as of now."""
        return await collect_evidence(self._context, run_id)

    async def evidence_for(self, package: str, version: str) -> bytes:
        """Return the newest evidence bundle of a package version.

        Raise `VerificationError` (`NOT_PUBLISHED`) where it was planned or certified, but not
        published; `NotFoundError` where nothing is known of it.
        """
        key = registration_key(package, version)
        entity = entity_of(await self._context.store.load([key]), key)
        if entity is not None:
            return await self.evidence(read_registration(entity).run_id)
        runs = await find_runs(self._context, f"{package}@{version}")
        finished = _finished(runs)
        if finished is not None:
            return await self.evidence(finished.run_id)
        if runs:
            raise VerificationError(
                "NOT_PUBLISHED",
                f"{package}@{version} was asked for here, but not published",
                hint=f"placet run show {runs[0].run_id}",
            )
        raise NotFoundError(
            "EVIDENCE_MISSING", f"nothing is known here of {package}@{version}", hint="give its bundle with --evidence"
        )

    async def verify_version(self, package: str, version: str) -> Object:
        """Verify a package version with the evidence and the trust root of this home."""
        held = Held(package=package, version=version)
        return verify(await self.evidence_for(package, version), self._trust_root(), held)

    async def verify_archive(self, tgz: bytes) -> Object:
        """Verify an archive: its very bytes must be what was published."""
        reading = read_archive(tgz)
        held = Held(
            tgz=tgz,
            sha256=hashlib.sha256(tgz).hexdigest(),
            block_key=self._context.settings.metadata_key,
        )
        return verify(await self.evidence_for(reading.name, reading.version), self._trust_root(), held)

    async def evidence_of(self, tgz: bytes) -> bytes:
        """Return the newest evidence bundle of the version that an archive says it is; raise as `evidence_for`."""
        reading = read_archive(tgz)
        return await self.evidence_for(reading.name, reading.version)

    def _trust_root(self) -> bytes:
        return (self._opened.config.home / TRUST_ROOT_FILE).read_bytes()


def _finished(runs: list[Run]) -> Run | None:
    return next((run for run in runs if run.mode is Mode.PROD and run.state is RunState.EXECUTED), None)
