"""Several runs may want the same archive published: one goes on, the others give way (protocol 5).

After a kill, or when two people publish at the same moment, there may be many. Whoever looks at
the same state chooses the same run, so that all of them end with one publication.
"""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from placet.core.abandon import abandon_run, give_way
from placet.core.context import Context
from placet.core.entities.receipts import BEGUN
from placet.core.entities.runs import CLOSED_STATES, Run, RunState
from placet.core.lookup import find_runs, reports_of, the_certificate
from placet.domain.values.kinds import Mode, OperationKind


class Reach(IntEnum):
    """How far a run has come: who is further goes on."""

    PREPARING = 0
    UNUSABLE = 1
    PLANNED = 2
    BEGUN = 3
    PUBLISHING = 4
    PUBLISHED = 5


class Attempts(Struct, frozen=True, kw_only=True):
    """The production runs about one archive of one version: the one that goes on, and how far each open one is."""

    standing: Run | None
    reach: Reach
    others: tuple[tuple[Run, Reach], ...]


async def attempts_at(context: Context, subject: str, archive_sha256: str) -> Attempts:
    """Return the runs about `subject` and this archive.

    `standing` is the one that published it, else the one whose effects have begun, else the oldest
    that is planned to the end with a certificate that still counts; None where there is none. One that
    ended with its certificate alone, as earlier releases let it, published nothing and is no attempt.
    """
    runs = [
        run
        for run in await find_runs(context, subject)
        if run.mode is Mode.PROD and run.archive_sha256 == archive_sha256
    ]
    open_or_done = [run for run in runs if run.state not in CLOSED_STATES or _has_published(run)]
    reached = [(run, await _reach(context, run)) for run in open_or_done]
    usable = [each for each in reached if each[1] >= Reach.PLANNED]
    standing, reach = max(reversed(usable), key=lambda each: each[1], default=(None, Reach.PREPARING))
    others = tuple(each for each in reached if each[0] != standing and each[0].state is not RunState.EXECUTED)
    return Attempts(standing=standing, reach=reach, others=others)


async def clear_away(context: Context, attempts: Attempts) -> None:
    """End the runs beside the standing one that can come to nothing any more, their certificates with them.

    One that is being prepared is left alone until the standing one's effects have begun, or its
    process must be dead. One whose effects have begun stays, unless its certificate counts no more.
    """
    for run, reach in attempts.others:
        if reach is Reach.UNUSABLE:
            await abandon_run(context, run, RunState.ABANDONED, actor=run.requester)
        elif reach is not Reach.PREPARING or attempts.reach >= Reach.BEGUN or _is_old(context, run):
            await give_way(context, run)


def _has_published(run: Run) -> bool:
    return run.state is RunState.EXECUTED and not run.is_being_prepared


def _is_old(context: Context, run: Run) -> bool:
    return context.clock.now() - run.requested_at > context.settings.deadline


async def _reach(context: Context, run: Run) -> Reach:
    if run.state is RunState.EXECUTED:
        return Reach.PUBLISHED
    if run.is_being_prepared:
        return Reach.PREPARING
    certificate = await the_certificate(context, run.certificate_id)
    if certificate.revocation is not None or context.clock.now() >= certificate.expires_at:
        return Reach.UNUSABLE
    begun = {each.operation.operation_kind for each in await reports_of(context, run) if each.state in BEGUN}
    if OperationKind.PUBLISH_PACKAGE in begun:
        return Reach.PUBLISHING
    return Reach.BEGUN if begun else Reach.PLANNED
