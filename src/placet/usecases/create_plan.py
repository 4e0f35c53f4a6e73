"""Create a plan of operations of any outside kind, as a plan file asks for them (protocol 1).

A file with a package certifies, stamps and signs it as `publish` does, and registers it; everything
then stands in one plan, under one set of approvals, and is performed in the file's order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from placet.core.abandon import abandon_run
from placet.core.context import Context
from placet.core.entities.runs import Run, RunState
from placet.core.runs import Intent, add_plan, open_run, stored_plan, stored_run
from placet.domain.authorization.operation import Artifact, Operation, Subject, read_operation
from placet.domain.authorization.operation_params import check_params, with_tag_shas
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.plan_file import Made, PlanFile, WantedArtifact, WantedOperation
from placet.domain.encoding.archive import check_is_package, read_archive
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.values.unshown import Unshown
from placet.errors import ConfigurationError, DeniedError, InvalidInputError
from placet.usecases.certify_package import keep
from placet.usecases.check_manifest import check_manifest
from placet.usecases.plan_publication import (
    Parcel,
    check_stores,
    known_providers,
    object_key,
    registry_and_registration,
)
from placet.usecases.prepare_release import (
    Progress,
    Release,
    artifact_names,
    check_same_release,
    dist_tag_of,
    standing_or_prepared,
)
from placet.usecases.rehearse_release import Rehearsal, Rehearsed, rehearse, rehearse_release

_ANY_RUN = "run_00000000000000000000000000/1"
_OBJECTS = (Made.TARBALL, Made.CERTIFICATE)
"""What has a place of its own in object stores (contract 6)."""


class PlanRequest(Unshown, frozen=True, kw_only=True):
    """A plan file with what it names: the packed package, empty where it has none, and each file's bytes.

    They stand under the path that the file names, or the digest.
    """

    file: PlanFile
    tgz: bytes
    contents: Mapping[str, bytes]
    requester: str = ""


class Planned(Struct, frozen=True, kw_only=True):
    """A run that is planned to the end, and its plan."""

    run: Run
    plan: Plan


async def create_plan(context: Context, request: PlanRequest, *, progress: Progress) -> Planned:
    """Plan what the file asks for; perform nothing but what a package needs before its plan, its certificate.

    With a package, the same file again goes on with the same run. Raise `InvalidInputError` (what the
    operations demand), `ConfigurationError` (`PROVIDER_UNKNOWN`), and `DeniedError` with every code of
    planning, `VERSION_EXISTS`, and `RUN_DIFFERS` where an earlier run has the package otherwise.
    """
    files = await _prepare_files(context, request)
    if request.file.package is None:
        run = await _plan_alone(context, request, files)
    else:
        release = await _release(context, request, files, progress)
        run = await standing_or_prepared(context, release, progress)
        await check_same_release(context, run, release)
    return Planned(run=run, plan=await stored_plan(context, run.run_id, run.plans))


async def rehearse_plan(context: Context, request: PlanRequest, *, progress: Progress) -> Rehearsed:
    """Take the road of the file's plan as a dry run: the same operations, and nothing is done."""
    files = await _prepare_files(context, request)
    if request.file.package is not None:
        return await rehearse_release(context, await _release(context, request, files, progress), progress)
    intents = _alone(request, files)
    rehearsal = Rehearsal(
        requester=request.requester,
        subject=str(intents[0].subject),
        archive_sha256="",
        plans=[intents],
        verified=f"the plan file and {len(request.contents)} files",
    )
    return await rehearse(context, rehearsal, progress)


async def _prepare_files(context: Context, request: PlanRequest) -> dict[WantedArtifact, Artifact]:
    """Check what can be checked without a package, and keep what is given; return each given artifact by its wish."""
    known = {provider.provider_id: provider for provider in await known_providers(context)}
    for operation in request.file.operations:
        if operation.provider not in known:
            raise ConfigurationError(
                "PROVIDER_UNKNOWN",
                f"{operation.place} names {operation.provider}, which is no provider here",
                hint="see `placet provider list`",
            )
    await check_stores(context, {known[operation.provider] for operation in request.file.operations})
    wanted = {each for operation in request.file.operations for each in operation.artifacts if each.made is None}
    return {
        each: await keep(context, each.name, _content(request, each))
        for each in sorted(wanted, key=lambda each: (each.name, each.file))
    }


async def _plan_alone(context: Context, request: PlanRequest, files: Mapping[WantedArtifact, Artifact]) -> Run:
    intents = _alone(request, files)
    run = await open_run(context, mode=Mode.PROD, requester=request.requester, subject=str(intents[0].subject))
    try:
        await add_plan(context, run, intents)
    except (DeniedError, InvalidInputError):
        await abandon_run(context, run, RunState.ABANDONED, actor=run.requester)
        raise
    return await stored_run(context, run.run_id)


def _alone(request: PlanRequest, files: Mapping[WantedArtifact, Artifact]) -> list[Intent]:
    """Return the operations of a file without a package, checked."""
    intents = _intents(request, files, None)
    _check_intents(request, files, intents)
    return intents


async def _release(
    context: Context, request: PlanRequest, files: Mapping[WantedArtifact, Artifact], progress: Progress
) -> Release:
    wanted = request.file.package
    assert wanted is not None  # noqa: S101 - asked for with a package only
    package = await asyncio.to_thread(read_archive, request.tgz)
    if wanted.name:
        check_is_package(package, wanted.name, wanted.version)
    dist_tag = dist_tag_of(package, wanted.dist_tag)
    progress("package", f"{package.name}@{package.version}")
    registry = request.file.registry
    await check_manifest(context, package, registry=registry, dist_tag=dist_tag, access=wanted.access)
    release = Release(
        tgz=request.tgz,
        package=package,
        requester=request.requester,
        registry=registry,
        dist_tag=dist_tag,
        access=wanted.access,
        intents=partial(_intents, request, files),
    )
    _check_intents(request, files, release.intents(_parcel_to_come(release)))
    return release


def _intents(request: PlanRequest, files: Mapping[WantedArtifact, Artifact], parcel: Parcel | None) -> list[Intent]:
    """Return the file's operations, in order, with the registration right behind what it registers."""
    intents: list[Intent] = []
    for operation in request.file.operations:
        if parcel is not None and operation.kind is OperationKind.PUBLISH_PACKAGE:
            intents += registry_and_registration(operation.provider, parcel)
        else:
            intents.append(_intent(operation, files, parcel))
    operations, contents = _tried(request, files, intents)
    completed = with_tag_shas(operations, contents)
    return [replace(intent, params=each.params) for intent, each in zip(intents, completed, strict=True)]


def _intent(operation: WantedOperation, files: Mapping[WantedArtifact, Artifact], parcel: Parcel | None) -> Intent:
    about = (operation.name, operation.version)
    if parcel is not None and not operation.name:
        about = (parcel.package, parcel.version)
    of_package = parcel is not None and about == (parcel.package, parcel.version)
    artifacts: list[Artifact] = []
    not_made: list[str] = []
    for wanted in operation.artifacts:
        if wanted.made is None:
            artifacts.append(files[wanted])
        elif parcel is not None:
            artifacts += [_named(each, wanted) for each in parcel.artifacts(wanted.made)]
            not_made += parcel.lacks(wanted.made)
    return Intent(
        kind=operation.kind,
        subject=Subject(provider=operation.provider, name=about[0], version=about[1], tag=operation.tag),
        params=operation.params or _default_params(operation, parcel),
        artifacts=tuple(artifacts),
        preconditions=operation.preconditions,
        certificate_id=parcel.certificate_id if parcel is not None and of_package else "",
        not_made=tuple(dict.fromkeys(not_made)),
    )


def _named(artifact: Artifact, wanted: WantedArtifact) -> Artifact:
    """Return the artifact under the name that the file gives it, under its own where it gives none."""
    name = artifact.name if wanted.made is not None and wanted.name == wanted.made else wanted.name
    return Artifact(name=name, sha256=artifact.sha256, sha512=artifact.sha512, size=artifact.size)


def _default_params(operation: WantedOperation, parcel: Parcel | None) -> dict[str, Value]:
    """Return the key of contract 6 for an object that is the package's archive or certificate."""
    if operation.kind is not OperationKind.PUT_OBJECT or parcel is None:
        return {}
    made = [each.made for each in operation.artifacts]
    return next(({"key": object_key(parcel, each)} for each in _OBJECTS if made == [each]), {})


def _check_intents(request: PlanRequest, files: Mapping[WantedArtifact, Artifact], intents: Sequence[Intent]) -> None:
    """Refuse, before anything is begun, what no plan can hold or its kind does not take."""
    for operation, contents in zip(*_tried(request, files, intents), strict=True):
        check_params(read_operation(operation.to_object()), contents)


def _tried(
    request: PlanRequest, files: Mapping[WantedArtifact, Artifact], intents: Sequence[Intent]
) -> tuple[list[Operation], list[dict[str, bytes]]]:
    """Return the intents as operations of no run, each with the bytes of it that are given."""
    given = {artifact.sha256: _content(request, wanted) for wanted, artifact in files.items()}
    operations = [intent.operation(f"{_ANY_RUN}/{step}") for step, intent in enumerate(intents, 1)]
    contents = [
        {each.name: given[each.sha256] for each in intent.artifacts if each.sha256 in given} for intent in intents
    ]
    return operations, contents


def _content(request: PlanRequest, wanted: WantedArtifact) -> bytes:
    return request.contents[wanted.file] if wanted.file else wanted.content


def _parcel_to_come(release: Release) -> Parcel:
    """Return what stands for a package that is not certified yet, to try the file's operations with."""
    named = {name: Artifact(name=name, sha256="0" * 64, sha512="0" * 128, size=1) for name in artifact_names(release)}
    archive, certificate_pem, statement = named.values()
    return release.parcel(archive, "", certificate_pem, statement)
