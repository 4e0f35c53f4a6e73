"""Find things for people: never a premise of a decision (protocol 7)."""

from __future__ import annotations

import asyncio

from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.entities.certificates import CertificateRecord, certificate_key, read_certificate
from placet.core.entities.denials import DeniedRequest, read_denied_request
from placet.core.entities.runs import Run, read_run
from placet.core.entities.stored import entity_of, required
from placet.core.execute import Report, receipt_of, report_of
from placet.core.runs import stored_plan
from placet.core.runs_seen import EVERYTHING, RunSight, look, look_at, name_in
from placet.domain.authorization.api_key import Verb
from placet.domain.log.change import EntityKey, IndexRow
from placet.domain.log.entry import Entry, parse_entry

_MOST = 1000
_AT_ONCE = 32
_ALL = 100_000


async def find_runs(context: Context, subject: str) -> list[Run]:
    """Return the runs about exactly `subject`, newest first."""
    rows = await context.store.find("run_subject", subject, limit=_MOST)
    keys = [row.key for row in rows if row.value == subject]
    snapshot = await context.store.load(keys)
    runs = [read_run(entity) for key in keys if (entity := entity_of(snapshot, key)) is not None]
    return sorted(runs, key=lambda run: run.run_id, reverse=True)


async def find_runs_seen(context: Context, sight: RunSight, subject: str) -> list[Run]:
    """Return the runs about exactly `subject`, a package version, that are seen, newest first.

    Only those are loaded that could be seen by what they are about, or by who asked for them: what is hidden
    costs what nothing does.
    """
    about = await context.store.find("run_subject", subject, limit=_MOST)
    caller = sight.caller
    if caller is not None and not sight.everything:
        own = await _rows_of(context, caller)
        by_name = caller.covers(Verb.READ, name_in(subject))
        about = [row for row in about if by_name or row.key in own]
    run_ids = [row.key.removeprefix("run/") for row in about if row.value == subject]
    seen = await look_at(context, sight, run_ids)
    return sorted((each.run for each in seen.values()), key=lambda run: run.run_id, reverse=True)


async def list_runs(context: Context, *, limit: int = 100, after: str = "", sight: RunSight = EVERYTHING) -> list[Run]:
    """Return the newest runs that are seen, newest first; with `after`, a run's id, those that are older."""
    found = await _ids_of_runs(context, sight)
    runs: list[Run] = []
    for run_id in sorted((each for each in found if not after or each < after), reverse=True):
        if len(runs) == limit:
            break
        await asyncio.sleep(0)  # as below
        seen = await look(context, sight, run_id)
        if seen is not None:
            runs.append(seen.run)
    return runs


async def _ids_of_runs(context: Context, sight: RunSight) -> set[str]:
    """Return the ids of all runs, or of those that a caller may see: their own, and what their scopes are about."""
    if sight.caller is None or sight.everything:
        return {row.value for row in await context.store.find("run", "", limit=_ALL)}
    own = await _rows_of(context, sight.caller)
    about = {
        row.key
        for row in await context.store.find("run_subject", "", limit=_ALL)
        if sight.caller.covers(Verb.READ, name_in(row.value))
    }
    return {key.removeprefix("run/") for key in own | about}


async def _rows_of(context: Context, caller: Caller) -> set[EntityKey]:
    """Return the keys of the runs that a caller asked for."""
    asked = caller.principal_id
    return {row.key for row in await context.store.find("run_requester", asked, limit=_ALL) if row.value == asked}


async def reports_of(context: Context, run: Run) -> list[Report]:
    """Return what became of each operation of the run's newest plan that has a receipt."""
    if run.plans == 0:
        return []
    plan = await stored_plan(context, run.run_id, run.plans)
    reports = []
    for operation in plan.operations:
        record = await receipt_of(context, operation.operation_id)
        if record is not None:
            reports.append(report_of(operation, record))
    return reports


async def find_certificates(context: Context, package: str, *, page: int = _MOST) -> list[CertificateRecord]:
    """Return the certificates of a package (`NAME` or `NAME@VERSION`), all of them where empty, oldest first.

    They are read by so many at once, and all others have turns in between.
    """
    records: list[CertificateRecord] = []
    after: IndexRow | None = None
    while True:
        rows = await context.store.find("certificate_package", package, after=after, limit=page)
        exact = [row for row in rows if not package or row.value == package or row.value.startswith(f"{package}@")]
        snapshot = await context.store.load([row.key for row in exact])
        for at, row in enumerate(exact):
            if at % _AT_ONCE == 0:
                await asyncio.sleep(0)
            records.append(read_certificate(required(snapshot, row.key, "certificate")))
        if len(rows) < page:
            return sorted(records, key=lambda record: record.certificate_id)
        after = rows[-1]


async def the_certificate(context: Context, certificate_id: str) -> CertificateRecord:
    """Return one certificate, or raise `NotFoundError`."""
    key = certificate_key(certificate_id)
    return read_certificate(required(await context.store.load([key]), key, f"certificate {certificate_id[:40]}"))


async def denials_of(context: Context, run_id: str) -> list[DeniedRequest]:
    """Return what was denied in a run, oldest first."""
    rows = await context.store.find("denied_request", f"{run_id}/", limit=_MOST)
    return [
        read_denied_request(required(await context.store.load([row.key]), row.key, "denied request")) for row in rows
    ]


async def entry_at(context: Context, seq: int) -> Entry:
    """Return entry `seq` of the ledger."""
    return parse_entry(b"".join([content async for content in context.store.entries(seq, seq + 1)]))
