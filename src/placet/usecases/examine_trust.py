"""Examine what an open installation's word rests on: clock, receipt keys, chain of trust, anchor (doctor).

Reads only. What it says is for people; no decision rests on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from placet.core.context import Context
from placet.core.entities.receipts import read_receipt_key_state, receipt_key_record_key
from placet.core.entities.stored import entity_of
from placet.core.findings import Finding, fail, ok, span, warn
from placet.domain.authorization.checks import CLOCK_TOLERANCE
from placet.domain.authorization.facts import KeyState
from placet.domain.log.entry import parse_entry
from placet.domain.values.time import format_instant
from placet.domain.verification.trust_root import parse_trust_root
from placet.errors import PlacetError
from placet.ports.ledger import Ledger

_ENDS_SOON = timedelta(days=180)
_NEWEST = 100


async def examine_trust(context: Context, ledger: Ledger, trust_root: bytes) -> list[Finding]:
    """Return what was found of the clock, the keys, the chain and the anchor; `trust_root` is the home's file."""
    now = context.clock.now()
    return [
        *[each async for each in _clock(context, ledger, now)],
        *[each async for each in _receipt_keys(context)],
        *_chain(context, trust_root, now),
        await _anchor(ledger),
    ]


async def _clock(context: Context, ledger: Ledger, now: datetime) -> AsyncIterator[Finding]:
    status = await ledger.status()
    behind = status.time - now
    if behind > CLOCK_TOLERANCE:
        yield fail(
            "clock",
            f"CLOCK_REGRESSION: the clock is {span(behind)} behind the ledger's newest entry",
            "set the clock; while it is behind, nothing is published",
        )
    elif behind > timedelta(0):
        yield warn("clock", "the clock is a little behind the ledger's newest entry", "synchronise the clock")
    else:
        yield ok("clock", f"{format_instant(now)}, {span(-behind)} after the ledger's newest entry")
    contents = [each async for each in context.store.entries(max(0, status.size - _NEWEST), status.size)]
    times = [parse_entry(each).time for each in contents]
    if times != sorted(times):
        yield fail("clock", "the ledger's newest entries are not in the order of their times", "placet ledger verify")


async def _receipt_keys(context: Context) -> AsyncIterator[Finding]:
    keys = {
        key_id: receipt_key_record_key(key_id) for key_id in sorted({*context.receipt_secrets, context.minting_key})
    }
    snapshot = await context.store.load(list(keys.values()))
    for key_id, key in keys.items():
        entity = entity_of(snapshot, key)
        state = read_receipt_key_state(entity) if entity is not None else None
        if key_id == context.minting_key and (state is not KeyState.ACTIVE or key_id not in context.receipt_secrets):
            stands = state.value if state else "unknown to the ledger"
            yield fail("keys", f"the receipt key {key_id} should mint and is {stands}", "bring back the key file")
        else:
            yield ok("keys", f"receipt key {key_id} is {state.value if state else 'unknown to the ledger, so unused'}")


def _chain(context: Context, trust_root: bytes, now: datetime) -> Iterator[Finding]:
    intermediate, root = context.authority.chain
    for name, certificate in (("root", root), ("intermediate", intermediate)):
        end = certificate.not_valid_after_utc
        said = f"the {name} CA certificate ends at {end:%Y-%m-%d}"
        if end <= now:
            yield fail("chain", said, "nothing can be certified any more: make a new installation's CA")
        elif end - now < _ENDS_SOON:
            yield warn("chain", said, "certificates end with it: plan its successor now")
        else:
            yield ok("chain", said)
    yield _signed(intermediate, root)
    yield _trusted(context, trust_root, root)


def _signed(intermediate: x509.Certificate, root: x509.Certificate) -> Finding:
    try:
        intermediate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return fail("chain", "the root did not sign the intermediate certificate", "bring back the key files")
    return ok("chain", "the root signed the intermediate certificate")


def _trusted(context: Context, encoded: bytes, root: x509.Certificate) -> Finding:
    next_step = "bring back trust-root.json: without it nobody can verify what is published"
    try:
        trusted = parse_trust_root(encoded)
    except PlacetError as error:
        return fail("chain", f"{error.code}: {error.message}", next_step)
    signer = context.checkpoint_signer.public_key
    ours = any(key.public_key == signer for key in trusted.log.checkpoint_keys)
    if trusted.log.origin != context.issuer or not ours or root not in trusted.ca_roots:
        return fail("chain", "trust-root.json names another log, key or root than this installation has", next_step)
    return ok("chain", "trust-root.json names this log, its key and its root")


async def _anchor(ledger: Ledger) -> Finding:
    status = await ledger.status()
    if status.seal is not None:
        return fail("anchor", f"SEALED ({status.seal.reason.value}): {status.seal.message}", status.seal.hint)
    return ok("anchor", f"the ledger's {status.size} entries agree with the anchor")
