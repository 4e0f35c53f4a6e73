"""Verifying a publication offline: the steps, in order (protocol 8).

*Verified* means: a statement signed by a certificate that is bound to these very bytes, and an
executed receipt for exactly these digests in the log, permitted by the policy and the approvals
that the log holds. No URL is followed; no digest inside a package is believed; of the metadata
block nothing is read. Whatever fails is named by its code, and decides.

Nothing in a bundle may be altered, left out, added or exchanged without a refusal, because every
part is bound to the log: entries by inclusion proofs to the checkpoint, the checkpoint and the
revocation list by the log's key, plans, policies, certificates and detached data by digests that
stand in entries, the statement by the digest in its plan, proofs and base64 by having one
spelling. And a part that nothing needs is refused as well (step 11).
"""

from __future__ import annotations

import hashlib
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.certificate.chain import check_subject
from placet.domain.certificate.revocation import Revocation, check_not_revoked
from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.dsse import parse_envelope
from placet.domain.log.checkpoint import Checkpoint, CheckpointKey
from placet.domain.package.metadata import BLOCK_KEY
from placet.domain.package.stamp import unstamp
from placet.domain.values.kinds import OperationKind
from placet.domain.verification.bundle import Bundle, parse_bundle
from placet.domain.verification.certification import Certified, check_certified
from placet.domain.verification.evidence import Evidence, prove_entries
from placet.domain.verification.newest_revocations import NOTHING_KNOWN, Known, Newest, newest_revocations
from placet.domain.verification.permission import check_permitted
from placet.domain.verification.publication import Published, check_published
from placet.domain.verification.revocation_list import RevocationList, open_revocations
from placet.domain.verification.statement import Publication, open_publication
from placet.domain.verification.trust_root import TrustRoot
from placet.domain.verification.verdict import Progress, Verdict
from placet.errors import InvalidInputError, VerificationError


class Held(Struct, frozen=True, kw_only=True):
    """What a consumer holds or asks for; whatever is given must be what was published.

    `tgz` is the archive itself, `sha256` and `sha512` (hex) digests of it known from elsewhere, a
    lockfile for example. `block_key` is the key of the metadata block in its package.json.
    """

    tgz: bytes | None = None
    sha256: str = ""
    sha512: str = ""
    package: str = ""
    version: str = ""
    block_key: str = BLOCK_KEY


NOTHING = Held()
"""A consumer who holds only the bundle: the verdict says what was published."""


def verify_bundle(encoded: bytes, root: TrustRoot, held: Held = NOTHING, known: Known = NOTHING_KNOWN) -> Verdict:
    """Return what the bundle proves, or raise `VerdictError` with the code of the first step that fails.

    `known` are newer lists of revocations, and how new they must be (`REVOCATION_STALE`). Pure: the
    same arguments give the same verdict for ever.
    """
    progress = Progress()
    bundle = progress.run(1, parse_bundle, encoded)
    checkpoint, key = progress.run(2, _checkpoint, bundle, root)
    evidence = Evidence(progress.run(3, prove_entries, bundle.entries, checkpoint))
    newest = progress.run(4, _revocations, bundle, checkpoint, key, root, known)
    published = progress.run(5, check_published, bundle.plans, evidence, origin=bundle.origin)
    certified = progress.run(6, check_certified, bundle, published, evidence, root.ca_roots)
    statement = progress.run(7, _statement, bundle, certified)
    progress.run(8, _check_same_bytes, bundle, published, certified, statement, held)
    permitted = progress.run(9, check_permitted, (certified.spent, *published.spent), bundle.policies, evidence)
    revocation = progress.run(10, _check_not_revoked, statement.certificate_id, newest.listed, published)
    progress.run(11, evidence.check_nothing_left)
    return Verdict(
        package=statement.package,
        version=statement.version,
        sha256=statement.sha256,
        sha512=statement.sha512,
        tar_sha256=statement.tar_sha256,
        certificate_id=statement.certificate_id,
        certificate_fingerprint=certified.fingerprint,
        run_id=published.plan.plan.run_id,
        receipts=tuple(spent.receipt.receipt_id for spent in (certified.spent, *published.spent)),
        approvers=permitted.approvers,
        glass=permitted.glass,
        requester=published.plan.plan.requester,
        policy_version=published.spent[-1].receipt.policy_version,
        published_at=published.outcome.time,
        origin=checkpoint.origin,
        size=checkpoint.size,
        revocations_known_to=newest.listed.known_to,
        revocations_from=newest.source,
        revocation=revocation,
        steps=progress.results,
    )


def _checkpoint(bundle: Bundle, root: TrustRoot) -> tuple[Checkpoint, CheckpointKey]:
    """Step 2: the note is of a log that the trust root knows, signed by exactly one key of it."""
    return root.log_of(bundle.origin).open_checkpoint(bundle.checkpoint)


def newest_list(encoded: bytes, root: TrustRoot, known: Known = NOTHING_KNOWN) -> tuple[str, bytes]:
    """Return the log that a bundle is about and the newest list of its revocations, as steps 1 to 4 find them.

    For whoever remembers it: it counts also where the bundle turns out to prove nothing. Raise as
    `verify_bundle`, and never for the age of the list.
    """
    bundle = parse_bundle(encoded)
    newest = _revocations(bundle, *_checkpoint(bundle, root), root, replace(known, since=None))
    return bundle.origin, newest.encoded or bundle.revocations


def _revocations(bundle: Bundle, checkpoint: Checkpoint, key: CheckpointKey, root: TrustRoot, known: Known) -> Newest:
    """Step 4: the log's own list as of this checkpoint, or a newer one; and new enough."""
    of_bundle = open_revocations(parse_envelope(bundle.revocations), checkpoint, key)
    return newest_revocations(of_bundle, root.log_of(bundle.origin), known)


def _statement(bundle: Bundle, certified: Certified) -> Publication:
    """Step 7: signed with the certified key, by the certificate that it names."""
    certificate_id = certified.leaf.subject.certificate_id
    return open_publication(parse_envelope(bundle.statement), certified.leaf.key, certificate_id=certificate_id)


def _check_same_bytes(
    bundle: Bundle, published: Published, certified: Certified, statement: Publication, held: Held
) -> None:
    """Step 8: certificate, statement, plan, receipt and what the consumer holds are about the same bytes."""
    operation = published.operation
    if (operation.subject.name, operation.subject.version) != (statement.package, statement.version):
        _refuse("SUBJECT_MISMATCH", f"{operation.subject} was published, the statement is about another version")
    check_subject(
        certified.leaf.subject,
        package=statement.package,
        version=statement.version,
        tar_sha256=statement.tar_sha256,
    )
    if [(each.sha256, each.sha512) for each in operation.artifacts] != [(statement.sha256, statement.sha512)]:
        _refuse("DIGEST_MISMATCH", "other bytes were published than the statement is about")
    registered = [
        artifact.sha256
        for each in published.plan.plan.operations
        if each.operation_kind is OperationKind.REGISTER_PACKAGE
        for artifact in each.artifacts
    ]
    if registered != [hashlib.sha256(bundle.statement).hexdigest()]:
        _refuse("DIGEST_MISMATCH", "the plan registers another statement")
    _check_held(held, statement)


def _check_held(held: Held, statement: Publication) -> None:
    stated = (statement.package, statement.version, statement.sha256, statement.sha512)
    wanted = (held.package, held.version, held.sha256, held.sha512)
    for want, state in zip(wanted[:2], stated[:2], strict=True):
        if want and want != state:
            _refuse("SUBJECT_MISMATCH", f"the bundle is about {statement.package}@{statement.version}, not {want[:80]}")
    for want, state in zip(wanted[2:], stated[2:], strict=True):
        if want and want != state:
            _refuse("DIGEST_MISMATCH", "the bytes are not those that were published")
    if held.tgz is not None:
        _check_archive(held.tgz, held.block_key, statement)


def _check_archive(tgz: bytes, block_key: str, statement: Publication) -> None:
    """Read the archive itself: its digests, its files, and the tar stream that its certificate is bound to."""
    digests = hashlib.sha256(tgz).hexdigest(), hashlib.sha512(tgz).hexdigest()
    if digests != (statement.sha256, statement.sha512):
        _refuse("DIGEST_MISMATCH", "the archive is not the one that was published")
    try:
        reading, unstamped = read_archive(tgz), unstamp(tgz, key=block_key)
    except InvalidInputError as error:
        raise VerificationError(error.code, error.message, hint=error.hint) from error
    files = sorted((file.path, file.mode, file.sha256.removeprefix("sha256:")) for file in reading.files)
    if (reading.name, reading.version, files) != (statement.package, statement.version, list(statement.files)):
        _refuse("DIGEST_MISMATCH", "the archive holds other files than its statement says")
    if unstamped.tarball_hash != f"sha256:{statement.tar_sha256}":
        _refuse("CERTIFICATE_SUBJECT_MISMATCH", "without its metadata block the archive is not the certified one")


def _check_not_revoked(certificate_id: str, revoked: RevocationList, published: Published) -> Revocation | None:
    """Step 10: judged at the log's time of the executed receipt; return a revocation that came later."""
    check_not_revoked(certificate_id, revoked.revocations, at=published.outcome.time)
    return next((each for each in revoked.revocations if each.certificate_id == certificate_id), None)


def _refuse(code: str, reason: str) -> NoReturn:
    raise VerificationError(code, reason)
