"""Publish a package: the sequence of a publication, and nothing else (protocol 8, "order of a publication")."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from placet.core.abandon import abandon_run
from placet.core.attempts import Attempts, attempts_at, clear_away
from placet.core.context import Context
from placet.core.denials import record_denial
from placet.core.entities.runs import Run, RunState
from placet.core.lookup import reports_of
from placet.core.runs import open_run, stored_plan, stored_run
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.phrase import phrase
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.archive import ArchiveReading, read_archive
from placet.domain.values.confusable import check_not_confusable
from placet.domain.values.kinds import CORE_KINDS, Mode, OperationKind
from placet.errors import DeniedError, EffectError, InvalidInputError
from placet.ports.effects import Observation
from placet.usecases.certify_package import certify_package, keep
from placet.usecases.check_manifest import check_manifest
from placet.usecases.dry_run import Intended, record_intents
from placet.usecases.plan_publication import Parcel, Targets, choose_targets, plan_publication
from placet.usecases.resume_run import Carried, Waiter, give_up, resume_run

_IN_THE_WAY = frozenset({"RUN_CLOSED", "STALE_SUBJECT", "STALE_CERTIFICATE"})
"""How a run is refused whose bytes another run publishes."""
_DIST_TAG = re.compile(r"(?![vV]?([0-9]|[xX]([.-]|$)))[A-Za-z][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest:
    """What somebody wants published: the packed archive, where to, and as which dist-tag.

    `to` names providers, all configured ones where empty; an empty `access` is the registry's
    default; an empty `requester` is whoever the façade finds.
    """

    tgz: bytes
    requester: str = ""
    to: tuple[str, ...] = ()
    dist_tag: str = ""
    access: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A dry run: its plan, each operation as it was recorded, and what the registry showed."""

    run: Run
    plan: Plan
    intended: tuple[Intended, ...]
    observed: Observation


Progress = Callable[[str, str], None]
"""Told each step of the sequence and what is known then."""


async def publish_package(
    context: Context, request: PublishRequest, *, progress: Progress, wait: Waiter = give_up
) -> Carried:
    """Publish one package version under authorization, or finish an earlier attempt with the same bytes.

    Raise `InvalidInputError` for an unsafe archive or a bad name, `DeniedError` (`RUN_DIFFERS`
    where an earlier attempt publishes them otherwise than `request` says, `VERSION_EXISTS` and
    every code of policy and checks), and as `resume_run`.
    """
    package = read_archive(request.tgz)
    request = replace(request, dist_tag=dist_tag_of(package, request.dist_tag))
    progress("package", f"{package.name}@{package.version}")
    targets = await choose_targets(context, request.to)
    await check_manifest(context, package, registry=targets.registry, dist_tag=request.dist_tag, access=request.access)
    run = None
    try:
        run = await _standing(context, package)
        if run is not None:
            progress("resume", run.run_id)
        else:  # while it is prepared, somebody else may come first with the same bytes
            prepared = await _prepare(context, request, package, targets, progress)
            run = await _standing(context, package) or prepared
        await _check_same_request(context, run, request, targets)
        return await _finish(context, run, progress, wait)
    except DeniedError as error:
        standing = await _published_elsewhere(context, package, run, error)
        await _check_same_request(context, standing, request, targets)
        return await _carried(context, standing)


async def rehearse_package(context: Context, request: PublishRequest, *, progress: Progress) -> Rehearsed:
    """Take the road of a publication as a dry run: plan, judge, and record what would be done; do nothing of it.

    No certificate is issued and nothing is stamped or signed: the plan carries the archive as it
    is. What the registry shows is observed, or `unobserved` where the context is offline.
    """
    package = read_archive(request.tgz)
    request = replace(request, dist_tag=dist_tag_of(package, request.dist_tag))
    progress("package", f"{package.name}@{package.version}")
    targets = await choose_targets(context, request.to)
    await check_manifest(context, package, registry=targets.registry, dist_tag=request.dist_tag, access=request.access)
    subject = Subject(provider=targets.registry, name=package.name, version=package.version, tag=request.dist_tag)
    observed = await context.observer.observe(subject, "version")
    run = await open_run(
        context,
        mode=Mode.DRY_RUN,
        requester=request.requester,
        subject=f"{package.name}@{package.version}",
        archive_sha256=package.tarball_hash.removeprefix("sha256:"),
    )
    parcel = Parcel(
        package=package.name,
        version=package.version,
        dist_tag=request.dist_tag,
        access=request.access,
        archive=await keep(context, f"{package.version}.tgz", request.tgz),
        certificate_id="",
        certificate_pem=None,
        statement=None,
    )
    await plan_publication(context, run, targets, parcel)
    run, plan, intended = await record_intents(context, run.run_id)
    progress("blocked by mode", run.run_id)
    return Rehearsed(run=run, plan=plan, intended=tuple(intended), observed=observed)


def dist_tag_of(package: ArchiveReading, wanted: str) -> str:
    """Return the dist-tag: the wanted one, or `latest`; a prerelease needs one to be named, as with npm."""
    if wanted:
        return _checked_tag(wanted)
    if "-" in package.version.partition("+")[0]:
        raise InvalidInputError(
            "DIST_TAG_MISSING", f"{package.version} is a prerelease: latest is not for it", hint="--tag next"
        )
    return "latest"


def _checked_tag(tag: str) -> str:
    """Return a dist-tag that npm takes for one: it must not read as a version or a range of them."""
    if _DIST_TAG.fullmatch(tag) is None:
        raise InvalidInputError(
            "DIST_TAG_INVALID", f"{tag[:80]!a} cannot be a dist-tag", hint="for example next: a word, not a version"
        )
    return tag


async def check_version_absent(context: Context, targets: Targets, package: ArchiveReading, dist_tag: str) -> None:
    """Observe that the version is not there yet, before any certificate is made for it.

    Raise `DeniedError` (`VERSION_EXISTS`), or `VERSION_UNOBSERVED` where the registry does not tell.
    """
    subject = Subject(provider=targets.registry, name=package.name, version=package.version, tag=dist_tag)
    observed = await context.observer.observe(subject, "version")
    if observed.value == "absent":
        return
    if observed.value == "unobserved":
        raise DeniedError("VERSION_UNOBSERVED", f"{targets.registry} does not tell whether {subject} exists")
    raise DeniedError(
        "VERSION_EXISTS", f"{subject} exists already", hint="a version is written once: raise it and publish again"
    )


async def _standing(context: Context, package: ArchiveReading) -> Run | None:
    """Return the run that goes on with these bytes, or has published them; the others give way to it."""
    attempts = await _attempts(context, package)
    await clear_away(context, attempts)
    return attempts.standing


async def _attempts(context: Context, package: ArchiveReading) -> Attempts:
    archive = package.tarball_hash.removeprefix("sha256:")
    return await attempts_at(context, f"{package.name}@{package.version}", archive)


async def _check_same_request(context: Context, run: Run, request: PublishRequest, targets: Targets) -> None:
    """Return where `run` publishes just as `request` says: what somebody asks for is done, or refused.

    Raise `DeniedError` (`RUN_DIFFERS`, recorded) for another dist-tag, access, provider or requester.
    """
    plan = await stored_plan(context, run.run_id, run.plans)
    different = _differences(plan, request, targets)
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
    await record_denial(context, error, actor=request.requester, run_id=run.run_id, operation_id="")
    raise error


def _differences(plan: Plan, request: PublishRequest, targets: Targets) -> list[str]:
    """Return each thing that the plan has otherwise than the request, for people."""
    outside = [each for each in plan.operations if each.operation_kind not in CORE_KINDS]
    params = next((each.params for each in outside if each.operation_kind is OperationKind.PUBLISH_PACKAGE), {})
    pairs = {
        "dist-tag": (params.get("dist_tag", ""), request.dist_tag),
        "access": (params.get("access", ""), request.access),
        "to": (
            ", ".join(sorted({each.subject.provider for each in outside})),
            ", ".join(sorted({targets.registry, *targets.stores})),
        ),
        "requester": (plan.requester, request.requester),
    }
    return [
        f"{name} is {planned or 'default'}, not {wanted or 'default'}"
        for name, (planned, wanted) in pairs.items()
        if planned != wanted
    ]


async def _finish(context: Context, run: Run, progress: Progress, wait: Waiter) -> Carried:
    if run.state is RunState.EXECUTED:
        return await _carried(context, run)
    progress("approvals", run.run_id)
    carried = await resume_run(context, run.run_id, wait=wait)
    progress("executed", carried.run.run_id)
    return carried


async def _carried(context: Context, run: Run) -> Carried:
    plan = await stored_plan(context, run.run_id, run.plans)
    return Carried(run=run, plan=plan, reports=tuple(await reports_of(context, run)))


async def _published_elsewhere(context: Context, package: ArchiveReading, tried: Run | None, error: DeniedError) -> Run:
    """Return the run that published the same bytes before us; raise `EffectError` where it is not done yet.

    Raise `error` where none was: it says why the run that we tried to finish was refused.
    """
    standing = (await _attempts(context, package)).standing
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


async def _prepare(
    context: Context, request: PublishRequest, package: ArchiveReading, targets: Targets, progress: Progress
) -> Run:
    """Request a run, certify, stamp, sign and plan."""
    rows = await context.store.find("package", "", limit=10_000)
    check_not_confusable(package.name, {row.value.rpartition("@")[0] for row in rows})
    await check_version_absent(context, targets, package, request.dist_tag)
    run = await open_run(
        context,
        mode=Mode.PROD,
        requester=request.requester,
        subject=f"{package.name}@{package.version}",
        archive_sha256=package.tarball_hash.removeprefix("sha256:"),
    )
    context.at("run.requested")
    progress("run", run.run_id)
    try:
        return await _certify_and_plan(context, run, request, package, targets, progress)
    except (DeniedError, InvalidInputError):  # refused for good: what was begun ends here
        await abandon_run(context, await stored_run(context, run.run_id), RunState.ABANDONED, actor=run.requester)
        raise


async def _certify_and_plan(
    context: Context,
    run: Run,
    request: PublishRequest,
    package: ArchiveReading,
    targets: Targets,
    progress: Progress,
) -> Run:
    certified = await certify_package(context, run, request.tgz, package)
    progress("certified", certified.certificate.certificate_id)
    parcel = Parcel(
        package=package.name,
        version=package.version,
        dist_tag=request.dist_tag,
        access=request.access,
        archive=certified.archive,
        certificate_id=certified.certificate.certificate_id,
        certificate_pem=certified.certificate_pem,
        statement=certified.statement,
    )
    plan = await plan_publication(context, certified.run, targets, parcel)
    context.at("publication.planned")
    progress("planned", plan.digest())
    progress("phrase", phrase(plan.digest()))
    return certified.run.planned()
