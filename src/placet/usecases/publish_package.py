"""Publish a package: the sequence of a publication, and nothing else (protocol 8, "order of a publication")."""

from __future__ import annotations

import asyncio
from functools import partial

from placet.core.context import Context
from placet.core.entities.runs import Run, RunState
from placet.domain.encoding.archive import check_is_package, read_archive
from placet.domain.package.publish_request import PublishRequest
from placet.errors import DeniedError
from placet.usecases.check_manifest import check_manifest
from placet.usecases.plan_publication import choose_targets, publication
from placet.usecases.prepare_release import (
    Progress,
    Release,
    check_same_release,
    dist_tag_of,
    published_elsewhere,
    standing_or_prepared,
)
from placet.usecases.rehearse_release import Rehearsed, rehearse_release
from placet.usecases.resume_run import Carried, Waiter, finish_run, give_up, resume_run


async def publish_package(
    context: Context, request: PublishRequest, *, progress: Progress, wait: Waiter = give_up
) -> Carried:
    """Publish one package version under authorization, or finish an earlier attempt with the same bytes.

    Raise `InvalidInputError` for an unsafe archive, a bad name or another package than asked for
    (`MANIFEST_MISMATCH`), `DeniedError` (`RUN_DIFFERS`
    where an earlier attempt publishes them otherwise than `request` says, `VERSION_EXISTS` and
    every code of policy and checks), and as `resume_run`.
    """
    release = await _release(context, request, progress)
    run = None
    try:
        run = await standing_or_prepared(context, release, progress)
        await check_same_release(context, run, release)
        return await _finish(context, run, progress, wait)
    except DeniedError as error:
        standing = await published_elsewhere(context, release, run, error)
        await check_same_release(context, standing, release)
        return await finish_run(context, standing)


async def rehearse_package(context: Context, request: PublishRequest, *, progress: Progress) -> Rehearsed:
    """Take the road of a publication as a dry run: plan, judge, and record what would be done; do nothing of it.

    No certificate is issued and nothing is stamped or signed: the plan has the same operations, with
    the archive as it is. What the registry shows is observed, or `unobserved` where the context is offline.
    """
    return await rehearse_release(context, await _release(context, request, progress), progress)


async def _release(context: Context, request: PublishRequest, progress: Progress) -> Release:
    package = await asyncio.to_thread(read_archive, request.tgz)
    if request.package:
        check_is_package(package, request.package, request.version)
    dist_tag = dist_tag_of(package, request.dist_tag)
    progress("package", f"{package.name}@{package.version}")
    targets = await choose_targets(context, request.to)
    await check_manifest(context, package, registry=targets.registry, dist_tag=dist_tag, access=request.access)
    return Release(
        tgz=request.tgz,
        package=package,
        requester=request.requester,
        registry=targets.registry,
        dist_tag=dist_tag,
        access=request.access,
        intents=partial(publication, targets),
    )


async def _finish(context: Context, run: Run, progress: Progress, wait: Waiter) -> Carried:
    if run.state is RunState.EXECUTED:
        return await finish_run(context, run)
    progress("approvals", run.run_id)
    carried = await resume_run(context, run.run_id, wait=wait)
    progress("executed", carried.run.run_id)
    return carried
