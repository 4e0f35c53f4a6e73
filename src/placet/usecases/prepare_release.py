"""Prepare the release of a package version up to its plan, or find the run that has it already (protocol 5 and 8).

What `publish` and `plan create` share: whoever asks with the same bytes, in whatever way, meets the same run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from placet.core.abandon import abandon_run
from placet.core.acts.register_package import STATEMENT_ARTIFACT
from placet.core.attempts import Attempts, attempts_at, clear_away
from placet.core.context import Context
from placet.core.denials import record_denial
from placet.core.entities.runs import Run, RunState
from placet.core.lookup import the_certificate
from placet.core.runs import Intent, add_plan, open_run, stored_plan, stored_run
from placet.domain.authorization.exclusion import is_exclusion
from placet.domain.authorization.operation import Artifact, Operation, Subject
from placet.domain.authorization.phrase import phrase
from placet.domain.authorization.place import PROVIDER_FACT
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.archive import ArchiveReading
from placet.domain.values.confusable import check_not_confusable
from placet.domain.values.kinds import CORE_KINDS, Mode, OperationKind
from placet.domain.values.unshown import Unshown
from placet.errors import DeniedError, EffectError, InvalidInputError
from placet.usecases.certify_package import certificate_name, certify_package, keep_certificate
from placet.usecases.plan_publication import Parcel

_IN_THE_WAY = frozenset({"RUN_CLOSED", "STALE_SUBJECT", "STALE_CERTIFICATE"})
"""How a run is refused whose bytes another run publishes."""
_DIST_TAG = re.compile(r"(?![vV]?([0-9]|[xX]([.-]|$)))[A-Za-z][A-Za-z0-9._-]{0,127}")

Progress = Callable[[str, str], None]
"""Told each step of the sequence and what is known then."""


class Release(Unshown, frozen=True, kw_only=True):
    """One package version as somebody wants it released.

    `intents` makes the operations of its plan, in order, out of what certifying the archive makes.
    """

    tgz: bytes
    package: ArchiveReading
    requester: str
    registry: str
    dist_tag: str
    access: str
    intents: Callable[[Parcel], list[Intent]]

    @property
    def subject(self) -> str:
        """Return `NAME@VERSION`."""
        return f"{self.package.name}@{self.package.version}"

    @property
    def archive_sha256(self) -> str:
        """Return the hex digest of the unstamped tar stream."""
        return self.package.tarball_hash.removeprefix("sha256:")

    def parcel(
        self,
        archive: Artifact,
        certificate_id: str = "",
        certificate_pem: Artifact | None = None,
        statement: Artifact | None = None,
    ) -> Parcel:
        """Return what is sent of it; of a dry run that is the archive as it was packed, and nothing else."""
        return Parcel(
            package=self.package.name,
            version=self.package.version,
            dist_tag=self.dist_tag,
            access=self.access,
            archive=archive,
            certificate_id=certificate_id,
            certificate_pem=certificate_pem,
            statement=statement,
        )


def dist_tag_of(package: ArchiveReading, wanted: str) -> str:
    """Return the dist-tag: the wanted one, or `latest`; a prerelease needs one to be named, as with npm."""
    if wanted:
        return _checked_tag(wanted)
    if "-" in package.version.partition("+")[0]:
        raise InvalidInputError(
            "DIST_TAG_MISSING", f"{package.version} is a prerelease: latest is not for it", hint="--tag next"
        )
    return "latest"


async def check_name(context: Context, release: Release) -> None:
    """Return only where no package here has a name that people take for this one; raise `NAME_CONFUSABLE`."""
    rows = await context.store.find("package", "", limit=10_000)
    check_not_confusable(release.package.name, {row.value.rpartition("@")[0] for row in rows})


async def standing_or_prepared(context: Context, release: Release, progress: Progress) -> Run:
    """Return the run that goes on with these bytes or has published them, else a new one, planned to the end.

    Raise `InvalidInputError` for a confusable name, `DeniedError` (`VERSION_EXISTS`, and every code
    of planning): what was begun ends then.
    """
    run = await _standing(context, release)
    if run is not None:
        progress("done by" if run.state is RunState.EXECUTED else "resume", run.run_id)
        return run
    # while it is prepared, somebody else may come first with the same bytes
    prepared = await _prepare(context, release, progress)
    return await _standing(context, release) or prepared


async def check_same_release(context: Context, run: Run, release: Release) -> None:
    """Return where `run` releases just what `release` says: what somebody asks for is done, or refused.

    Raise `DeniedError` (`RUN_DIFFERS`, recorded) for other operations or another requester.
    """
    plan = await stored_plan(context, run.run_id, run.plans)
    different = _differences(plan, release, await _parcel_in(context, plan, release))
    if not different:
        return
    done = run.state is RunState.EXECUTED
    error = DeniedError(
        "RUN_DIFFERS",
        f"{'a finished' if done else 'an open'} run publishes these bytes otherwise: {'; '.join(different)}",
        hint="a version is published once: ask for just what was done, or raise it and publish again"
        if done
        else f"finish or deny it: placet run resume {run.run_id}, or placet deny {run.run_id} --as person:NAME",
    )
    await record_denial(context, error, actor=release.requester, run_id=run.run_id, operation_id="")
    raise error


async def published_elsewhere(context: Context, release: Release, tried: Run | None, error: DeniedError) -> Run:
    """Return the run that published the same bytes before us; raise `EffectError` where it is not done yet.

    Raise `error` where none was: it says why the run that we tried to finish was refused.
    """
    standing = (await _attempts(context, release)).standing
    if error.code not in _IN_THE_WAY or standing is None:
        raise error
    if standing.state is RunState.EXECUTED:
        return standing
    if tried is not None and tried.run_id == standing.run_id:
        raise error
    raise EffectError(
        "IN_PROGRESS",
        f"run {standing.run_id} is publishing the same archive",
        hint=f"placet run show {standing.run_id} tells how far it is; should it stand still, run this command again",
    ) from error


def _checked_tag(tag: str) -> str:
    """Return a dist-tag that npm takes for one: it must not read as a version or a range of them."""
    if _DIST_TAG.fullmatch(tag) is None:
        raise InvalidInputError(
            "DIST_TAG_INVALID", f"{tag[:80]!a} cannot be a dist-tag", hint="for example next: a word, not a version"
        )
    return tag


async def _check_version_absent(context: Context, release: Release) -> None:
    """Observe that the version is not there yet, before any certificate is made for it.

    Raise `DeniedError` (`VERSION_EXISTS`), or `VERSION_UNOBSERVED` where the registry does not tell.
    """
    package = release.package
    subject = Subject(provider=release.registry, name=package.name, version=package.version, tag=release.dist_tag)
    observed = await context.observer.observe(subject, "version")
    if observed.value == "absent":
        return
    if observed.value == "unobserved":
        raise DeniedError("VERSION_UNOBSERVED", f"{release.registry} does not tell whether {subject} exists")
    raise DeniedError(
        "VERSION_EXISTS", f"{subject} exists already", hint="a version is written once: raise it and publish again"
    )


async def _standing(context: Context, release: Release) -> Run | None:
    """Return the run that goes on with these bytes, or has published them; the others give way to it."""
    attempts = await _attempts(context, release)
    await clear_away(context, attempts)
    return attempts.standing


async def _attempts(context: Context, release: Release) -> Attempts:
    return await attempts_at(context, release.subject, release.archive_sha256)


async def _prepare(context: Context, release: Release, progress: Progress) -> Run:
    """Request a run, certify, stamp, sign and plan."""
    await check_name(context, release)
    await _check_version_absent(context, release)
    run = await open_run(
        context,
        mode=Mode.PROD,
        requester=release.requester,
        subject=release.subject,
        archive_sha256=release.archive_sha256,
    )
    context.at("run.requested")
    progress("run", run.run_id)
    try:
        return await _certify_and_plan(context, run, release, progress)
    except (DeniedError, InvalidInputError):  # refused for good: what was begun ends here
        await abandon_run(context, await stored_run(context, run.run_id), RunState.ABANDONED, actor=run.requester)
        raise


async def _certify_and_plan(context: Context, run: Run, release: Release, progress: Progress) -> Run:
    certified = await certify_package(context, run, release.tgz, release.package)
    certificate_id = certified.certificate.certificate_id
    progress("certified", certificate_id)
    parcel = release.parcel(certified.archive, certificate_id, certified.certificate_pem, certified.statement)
    plan = await add_plan(context, certified.run, release.intents(parcel))
    context.at("publication.planned")
    progress("planned", plan.digest())
    progress("phrase", phrase(plan.digest()))
    return certified.run.planned()


def artifact_names(release: Release) -> tuple[str, str, str]:
    """Return how the archive, its certificate and its statement are called where nobody calls them otherwise."""
    version = release.package.version
    return f"{version}.tgz", certificate_name(release.package), STATEMENT_ARTIFACT


def _differences(plan: Plan, release: Release, parcel: Parcel) -> list[str]:
    """Return each thing that the plan has otherwise than the release, for people."""
    wanted = release.intents(parcel)
    pairs = {
        "dist-tag": (_param(plan.operations, "dist_tag"), release.dist_tag),
        "access": (_param(plan.operations, "access"), release.access),
        "its providers": (_providers(plan.operations), _providers(wanted)),
        "requester": (plan.requester, release.requester),
    }
    said = [
        f"{name} {'are' if name == 'its providers' else 'is'} {planned or 'default'}, not {asked or 'default'}"
        for name, (planned, asked) in pairs.items()
        if planned != asked
    ]
    planned_effects = [_effect(each, each.operation_kind) for each in plan.operations]
    if not said and planned_effects != [_effect(each, each.kind) for each in wanted]:
        said.append("its operations are others: placet plan show tells which")
    return said


async def _parcel_in(context: Context, plan: Plan, release: Release) -> Parcel:
    """Return what a standing plan sends of the package: its stamped archive, certificate and statement."""
    publishing = _of_kind(plan.operations, OperationKind.PUBLISH_PACKAGE)
    registering = _of_kind(plan.operations, OperationKind.REGISTER_PACKAGE)
    sent = {artifact.name: artifact for operation in plan.operations for artifact in operation.artifacts}
    certificate = await the_certificate(context, publishing.certificate_id)
    pem = sent.get(certificate_name(release.package)) or await keep_certificate(context, release.package, certificate)
    return release.parcel(publishing.artifacts[0], publishing.certificate_id, pem, registering.artifacts[0])


def _of_kind(operations: Sequence[Operation], kind: OperationKind) -> Operation:
    return next(each for each in operations if each.operation_kind is kind)


def _param(operations: Sequence[Operation], name: str) -> str:
    return str(_of_kind(operations, OperationKind.PUBLISH_PACKAGE).params.get(name, ""))


def _providers(operations: Sequence[Operation | Intent]) -> str:
    kinds = [each.operation_kind if isinstance(each, Operation) else each.kind for each in operations]
    outside = {each.subject.provider for each, kind in zip(operations, kinds, strict=True) if kind not in CORE_KINDS}
    return ", ".join(sorted(outside))


def _effect(each: Operation | Intent, kind: OperationKind) -> tuple[object, ...]:
    """Return what somebody asks for; where the provider is and who pushed, planning adds itself."""
    asked = tuple(one for one in each.preconditions if one.fact != PROVIDER_FACT and not is_exclusion(one))
    return kind, each.subject, dict(each.params), each.artifacts, asked, each.certificate_id
