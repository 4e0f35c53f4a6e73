"""Examine what an open installation works with and on: providers, policy, receipts, runs (doctor).

Reads only. What it says is for people; no decision rests on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from placet.core.context import Context
from placet.core.entities.governance import (
    BOOTSTRAP,
    POLICY_IN_FORCE,
    principal_key,
    read_bootstrap_key,
    read_policy_in_force,
    stored_principal,
    stored_provider,
)
from placet.core.entities.receipts import UNSETTLED, read_receipt_record, receipt_key
from placet.core.entities.runs import RunState
from placet.core.entities.stored import entity_of
from placet.core.findings import Finding, fail, failed, ok, span, warn
from placet.core.lookup import list_runs
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.policy_document import parse_policy
from placet.errors import PlacetError
from placet.ports.surroundings import ProviderProbe

_OPEN_LONG = timedelta(days=7)
_MOST = 1000


async def examine_work(context: Context, probe: ProviderProbe, *, online: bool) -> list[Finding]:
    """Return what was found of providers, policy, receipts and runs; providers are asked only where `online`."""
    now = context.clock.now()
    return [
        *[each async for each in _providers(context, probe, online=online)],
        *[each async for each in _policy(context, now)],
        *[each async for each in _receipts(context, now)],
        *[each async for each in _runs(context, now)],
    ]


async def _providers(context: Context, probe: ProviderProbe, *, online: bool) -> AsyncIterator[Finding]:
    rows = await context.store.find("provider", "", limit=_MOST)
    if not rows:
        yield warn("providers", "there are none, so nothing can be published", "placet provider add --help")
    for row in rows:
        entity = entity_of(await context.store.load([row.key]), row.key)
        if entity is None:
            continue
        provider = stored_provider(entity)
        try:
            probe.address(provider)
            probe.credential(provider)
            said = await probe.reach(provider) if online else "address allowed, not asked (--online asks)"
        except PlacetError as error:
            yield failed("providers", error)
            continue
        credential = f"credential {provider.credential} is there" if provider.credential else "no credential"
        yield ok("providers", f"{provider.provider_id} ({provider.kind}): {said}, {credential}")


async def _policy(context: Context, now: datetime) -> AsyncIterator[Finding]:
    snapshot = await context.store.load([POLICY_IN_FORCE, BOOTSTRAP])
    bootstrap = entity_of(snapshot, BOOTSTRAP)
    if bootstrap is not None and read_bootstrap_key(bootstrap).live:
        yield warn(
            "policy", "the bootstrap key is still alive", "enrol the approvers, then placet policy activate FILE"
        )
    entity = entity_of(snapshot, POLICY_IN_FORCE)
    if entity is None:
        yield fail("policy", "no policy is in force, so nothing is allowed", "placet policy activate FILE")
        return
    policy = parse_policy(read_policy_in_force(entity).document)
    yield ok("policy", f"{policy.version} is in force, with {len(policy.rules)} rules")
    able = await _able(context, policy, now)
    for group in sorted(policy.groups):
        yield _group(policy, group, able)


async def _able(context: Context, policy: Policy, now: datetime) -> frozenset[str]:
    """Return the members of groups who can sign an approval now."""
    keys = {member: principal_key(member) for members in policy.groups.values() for member in members}
    snapshot = await context.store.load(list(keys.values()))
    people = {member: entity_of(snapshot, key) for member, key in keys.items()}
    principals = {member: stored_principal(entity) for member, entity in people.items() if entity is not None}
    return frozenset(
        member
        for member, each in principals.items()
        if each.disabled_at is None and any(key.good_at(now) for key in each.keys)
    )


def _group(policy: Policy, group: str, able: frozenset[str]) -> Finding:
    members = policy.groups[group]
    needed = max((demand.count for rule in policy.rules for demand in rule.demands if demand.group == group), default=0)
    there = len(members & able)
    said = f"group {group}: {there} of {len(members)} can sign, rules ask for {needed}"
    missing = ", ".join(sorted(members - able))
    enrol = f"placet principal add {min(members - able)} --key FILE" if missing else ""
    if there < needed:
        return fail("policy", said, enrol or "put more people into the group")
    return warn("policy", f"{said}; without a key: {missing}", enrol) if missing else ok("policy", said)


async def _receipts(context: Context, now: datetime) -> AsyncIterator[Finding]:
    stuck = 0
    for row in await context.store.find("receipt_unsettled", "", limit=_MOST):
        key = receipt_key(row.value)
        entity = entity_of(await context.store.load([key]), key)
        record = read_receipt_record(entity) if entity is not None else None
        if record is None or record.state not in UNSETTLED or (record.deadline and now < record.deadline):
            continue
        stuck += 1
        age = span(now - record.deadline) if record.deadline else "unknown"
        said = f"what became of {record.receipt_id} is not known, {age} after its deadline"
        if record.lookups >= context.settings.lookups:
            yield fail("receipts", f"{said}; {record.lookups} look-ups found nothing", "look at the provider yourself")
        else:
            yield warn("receipts", said, "placet reconcile")
    if not stuck:
        yield ok("receipts", "none is in doubt")


async def _runs(context: Context, now: datetime) -> AsyncIterator[Finding]:
    runs = await list_runs(context, limit=_MOST)
    waiting = [run for run in runs if run.state in (RunState.REQUESTED, RunState.PLANNED)]
    for run in waiting:
        if now - run.requested_at > _OPEN_LONG:
            yield warn(
                "runs",
                f"{run.run_id} ({run.subject}) has been open for {span(now - run.requested_at)}",
                f"placet run show {run.run_id}",
            )
    yield ok("runs", f"{len(waiting)} open, {len(runs)} in all" if runs else "there were none yet")
