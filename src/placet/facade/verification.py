"""Verify publications offline: with a bundle and a trust root, or with what the home knows (protocol 8)."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from placet import bootstrap
from placet.bootstrap import TRUST_ROOT_FILE, Opened
from placet.config import Config
from placet.core.entities.registrations import read_registration, registration_key
from placet.core.entities.runs import Run, RunState
from placet.core.entities.stand_ins import NO_PACKAGE
from placet.core.entities.stored import entity_of
from placet.core.lookup import find_certificates, find_runs_seen
from placet.core.revoked_as_of import revoked_as_of_now
from placet.core.runs_seen import look_at
from placet.core.sight import may_see
from placet.domain.authorization.break_glass import BrokenGlass
from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.dsse import STATEMENT_TYPE, parse_envelope
from placet.domain.values.kinds import Mode
from placet.domain.values.time import format_instant
from placet.domain.verification.bundle import parse_bundle
from placet.domain.verification.newest_revocations import NOTHING_KNOWN, Known
from placet.domain.verification.revocation_list import open_list
from placet.domain.verification.trust_root import Log, TrustRoot, parse_trust_root
from placet.domain.verification.verdict import Verdict
from placet.domain.verification.verifier import NOTHING, Held, newest_list, verify_bundle
from placet.errors import NotFoundError, PlacetError, UnavailableError, VerificationError
from placet.facade.visible import check_run_seen, sight
from placet.ports.seen import SeenLists
from placet.usecases.collect_evidence import collect_evidence
from placet.usecases.issue_crl import issue_crl

_log = logging.getLogger(__name__)


class Revocations(Struct, frozen=True, kw_only=True):
    """What a verification shall use beside the bundle's own list, and how old the newest may be.

    `given` is a signed list chosen by hand, `home` the one of an installation.
    """

    given: bytes = b""
    home: bytes = b""
    max_age: timedelta | None = None


NO_REVOCATIONS = Revocations()


def verify(bundle: bytes, trust_root: bytes, held: Held = NOTHING, known: Known = NOTHING_KNOWN) -> Object:
    """Return what `bundle` proves to whoever believes `trust_root`; needs no installation and remembers nothing.

    Raise `VerificationError` with the code of the first step that fails.
    """
    return verdict(verify_bundle(bundle, parse_trust_root(trust_root), held, known))


def verify_as_consumer(
    config: Config, bundle: bytes, trust_root: bytes, held: Held = NOTHING, revocations: Revocations = NO_REVOCATIONS
) -> Object:
    """Return what `bundle` proves, with the newest list of revocations at hand; needs no installation.

    The newest list that was ever seen of a log is kept in `config.seen`, so that no older one can
    bring a certificate back to life. Raise as `verify`, and `ConfigurationError` (`SEEN_UNREADABLE`).
    """
    root = parse_trust_root(trust_root)
    clock, seen = bootstrap.consumer(config)
    now = clock.now()
    lists = {"home": revocations.home, "seen": seen.read(origin_of(bundle))}
    since = now - revocations.max_age if revocations.max_age is not None else None
    known = Known(given=revocations.given, others=lists, since=since)
    _remember(seen, bundle, root, known)
    said = verify_bundle(bundle, root, held, known)
    return {**verdict(said), "revocations_age_seconds": _seconds_between(said.revocations_known_to, now)}


def origin_of(bundle: bytes) -> str:
    """Return the log that a bundle says it is of, empty where it cannot be read: its first step refuses it then."""
    try:
        return parse_bundle(bundle).origin
    except PlacetError:
        return ""


def is_signed_list(content: bytes) -> bool:
    """Tell whether `content` has the form of a signed list: what a newer one may replace."""
    try:
        return parse_envelope(content).payload_type == STATEMENT_TYPE
    except PlacetError:
        return False


def _remember(seen: SeenLists, bundle: bytes, root: TrustRoot, known: Known) -> None:
    """Keep the newest list, also where the bundle proves nothing else; one that cannot be kept is told.

    What another verification kept meanwhile counts too: no older list takes its place, and one that
    contradicts it raises as `newest_list`.
    """

    def newest(kept: bytes) -> bytes:
        return newest_list(bundle, root, replace(known, others={**known.others, "seen": kept}))[1]

    before = known.others.get("seen", b"")
    try:
        is_new = newest(before) != before
    except PlacetError:
        return
    if is_new and not seen.keep(origin_of(bundle), newest):
        _log.warning("the newest list of revocations cannot be remembered: an older one would not be noticed")


def _seconds_between(then: datetime, now: datetime) -> int:
    return max(0, int((now - then).total_seconds()))


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
        "revocations_from": each.revocations_from,
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
        await check_run_seen(self._opened, run_id)
        return await collect_evidence(self._context, run_id)

    async def evidence_for(self, package: str, version: str) -> bytes:
        """Return the newest evidence bundle of a package version, also where its run never came to its end.

        Raise `VerificationError` (`NOT_PUBLISHED`) where it was planned, certified, or reported by
        whomever, but not published; `NotFoundError` where nothing is known of it.
        """
        key = registration_key(package, version)
        entity = entity_of(await self._context.store.load([key]), key)
        shown = await may_see(self._context, self._opened.caller, package)
        registration = read_registration(entity) if entity is not None and shown else None
        if registration is not None and registration.is_published:
            return await collect_evidence(self._context, registration.run_id)
        eyes = await sight(self._opened)
        runs = await find_runs_seen(self._context, eyes, f"{package}@{version}")
        for run in _likeliest_first(runs):
            with suppress(VerificationError):
                return await self.evidence(run.run_id)
        certified = await find_certificates(self._context, f"{package if shown else NO_PACKAGE}@{version}")
        known = [each.run_id for each in (*runs, registration, *certified) if each is not None]
        seen = list(await look_at(self._context, eyes, known))
        if seen or certified:
            raise VerificationError(
                "NOT_PUBLISHED",
                f"{package}@{version} is known here, but was not published",
                hint=f"placet run show {seen[0]}" if seen else "",
            )
        raise NotFoundError(
            "EVIDENCE_MISSING", f"nothing is known here of {package}@{version}", hint="give its bundle with --evidence"
        )

    async def revocations(self, origin: str = "") -> bytes:
        """Return the log's signed list of revocations as of now; nothing where `origin` is another log.

        Raise as `revoked_as_of_now`.
        """
        if origin not in ("", self._context.issuer):
            return b""
        return (await revoked_as_of_now(self._context)).revocations

    async def compare(self, bundle: bytes) -> None:
        """Hold this installation's ledger against the checkpoint in a bundle of it, wherever that was kept.

        A ledger that is behind it, or differs, was rolled back: it is sealed from then on, and raises
        `UnavailableError` (`SEALED`). A bundle of another log, or one that this log did not sign, tells nothing.
        """
        if origin_of(bundle) != self._context.issuer:
            return
        with suppress(VerificationError):
            await self._opened.ledger.observe(parse_bundle(bundle).checkpoint)
        seal = (await self._opened.ledger.status()).seal
        if seal is not None:
            raise UnavailableError("SEALED", seal.message, hint=seal.hint)

    async def fresh_revocations(self) -> tuple[Object, bytes]:
        """Return the log's signed list of revocations, known to an instant of the last day, to be given to others.

        Where nothing else happened for a day, the daily X.509 list is renewed first and moves the
        log's time on. Raise as `revocations` and `issue_crl`.
        """
        await issue_crl(self._context)
        signed = await revoked_as_of_now(self._context)
        listed = open_list(signed.revocations, self._log())
        shown: Object = {
            "origin": listed.checkpoint.origin,
            "size": listed.checkpoint.size,
            "known_to": format_instant(listed.known_to),
            "revoked": [each.to_object() for each in listed.revocations],
        }
        return shown, signed.revocations

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

    def _log(self) -> Log:
        return parse_trust_root(self._trust_root()).log_of(self._context.issuer)

    def _trust_root(self) -> bytes:
        return (self._opened.config.home / TRUST_ROOT_FILE).read_bytes()


def _likeliest_first(runs: list[Run]) -> list[Run]:
    """Return the runs that may have published: one that was denied or killed later may have done so before."""
    return sorted((run for run in runs if run.mode is Mode.PROD), key=lambda run: run.state is not RunState.EXECUTED)
