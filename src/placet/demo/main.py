"""`placet demo`: one publication under authorization, and the eight named attacks, on loopback alone."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from placet import bootstrap
from placet.demo.approver import IN_MEMORY
from placet.demo.attacks import Tried, try_attacks
from placet.demo.world import PACKAGE, DemoWorld, demo_world
from placet.domain.encoding.canonical import Object, Value
from placet.domain.package.publish_request import PublishRequest
from placet.domain.values.digest import sha256
from placet.errors import ApprovalsPendingError
from placet.usecases.resume_run import give_up
from placet.usecases.verify_ledger import verify_ledger

Say = Callable[[str], None]


class Shown(Struct, frozen=True, kw_only=True):
    """What the demo did: the JSON document of `--json`, and whether all of it went as it should."""

    document: dict[str, object]
    ok: bool


def run(home: Path | None, *, as_json: bool) -> int:
    """Run the demo and return the exit code: 0 if the publication verified and every attack was stopped.

    With `home` the installation stays there to look at; else everything is removed afterwards.
    """
    home = home.absolute() if home else None
    say: Say = _silent if as_json else _print
    scratch = Path(tempfile.mkdtemp(prefix="placet-demo-"))
    place = home or scratch / "home"
    try:
        shown = asyncio.run(_demo(place, scratch, say))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if as_json:
        sys.stdout.write(json.dumps(shown.document, indent=2) + "\n")
    if home is not None:
        say(f"\nLeft to look at: placet run list --home {home}")
    say("\ndemo: ok" if shown.ok else "\ndemo: FAILED")
    return 0 if shown.ok else 1


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _silent(line: str) -> None:
    """Show nothing: the JSON document says it all."""


async def _demo(home: Path, scratch: Path, say: Say) -> Shown:
    say("Placet demo: everything happens on this machine, on loopback.\n")
    async with demo_world(home, scratch) as world:
        say("1  An installation: alice may ask; two of bob, carol and dan must approve the exact bytes.")
        published = await _publish(world, "1.0.0", say)
        verdict = await world.placet.verification.verify_version(PACKAGE, "1.0.0")
        say(f"\n4  Verified offline: {PACKAGE}@1.0.0, approved by {_approvers(verdict)}, as of {_as_of(verdict)}.")
        await _show_timeline(world, str(published["run_id"]), say)
        approved = await _approve_only(world, "1.0.1")
        say("\n6  The eight named attacks:")
        attacks = await try_attacks(world, str(published["run_id"]), approved)
        for attack in attacks:
            _show_attack(attack, say)
        audit = await verify_ledger(world.opened.ledger)
        status = await world.opened.ledger.status()
        say(f"\n7  The ledger: {status.size} entries, {'verified' if audit.finding is None else audit.finding}.")
        if home.is_relative_to(scratch):  # the file goes with the folder; its digest stays true
            published["bundle"] = sha256(await asyncio.to_thread(Path(str(published["bundle"])).read_bytes))
        return _shown(published, verdict, attacks, size=status.size, verified=audit.finding is None)


async def _publish(world: DemoWorld, version: str, say: Say) -> Object:
    tgz = await bootstrap.packer(world.opened.config).pack(world.write_package(version))
    say(f"\n2  Publish {PACKAGE}@{version}: packed with scripts off, {len(tgz)} bytes.")

    async def approve(run_id: str, missing: tuple[str, ...]) -> bool:
        say(f"   waiting: {'; '.join(missing)}")
        await _approve(world, run_id, say)
        return True

    published = await world.placet.publishing.publish(
        PublishRequest(tgz=tgz), progress=lambda step, detail: say(f"   {step:<10} {detail}"), wait=approve
    )
    say("\n3  Performed, each under its own single-use receipt:")
    for operation in _objects(published["operations"]):
        say(f"   {operation['operation_kind']!s:<17} {operation['state']!s:<9} {operation['receipt_id']}")
    return published


async def _approve(world: DemoWorld, run_id: str, say: Say) -> None:
    """Let two people approve: each is shown the plan, and signs its digest and that of what they saw."""
    for approver in world.approvers[:2]:
        ballot = await world.placet.publishing.ballot(run_id, approver.principal_id)
        said = await world.placet.publishing.say(
            ballot, "approve", approver=approver.principal_id, key=IN_MEMORY, signer=approver
        )
        say(f"   approved   {approver.principal_id} signed plan {said['fingerprint']}")


async def _approve_only(world: DemoWorld, version: str) -> str:
    """Plan and approve a second version without performing it, and return its run: the attacker's prey."""
    tgz = await bootstrap.packer(world.opened.config).pack(world.write_package(version))
    try:
        await world.placet.publishing.publish(PublishRequest(tgz=tgz), wait=give_up)
    except ApprovalsPendingError:
        runs = _objects((await world.placet.publishing.runs(limit=1))["runs"])
        run_id = str(runs[0]["run_id"])
        await _approve(world, run_id, _silent)
        return run_id
    raise AssertionError("a publication went through without approvals")


async def _show_timeline(world: DemoWorld, run_id: str, say: Say) -> None:
    timeline = await world.placet.publishing.run(run_id)
    say("\n5  The run's timeline:")
    for phase in _objects(timeline["phases"]):
        say(f"   {phase['phase']!s:<10} {phase['status']!s:<6} {phase['completed_at']!s:<25} {phase['duration_ms']} ms")


def _show_attack(attack: Tried, say: Say) -> None:
    stopped = "stopped" if attack.got == attack.expected and attack.effects == 0 else "NOT STOPPED"
    say(f"   {attack.name:<24} {stopped:<12} {attack.got:<20} effects: {attack.effects}")
    say(f"     {attack.tried}")


def _shown(published: Object, verdict: Object, attacks: list[Tried], *, size: int, verified: bool) -> Shown:
    listed = [{name: getattr(each, name) for name in ("name", "expected", "got", "effects")} for each in attacks]
    document: dict[str, object] = {
        "published": {
            "package": verdict["package"],
            "version": verdict["version"],
            "sha256": verdict["sha256"],
            "receipts": published["receipts"],
            "certificate_id": verdict["certificate_id"],
            "bundle": published["bundle"],
        },
        "verified": verdict["verified"],
        "attacks": listed,
        "ledger": {"size": size, "verified": verified},
    }
    stopped = all(each.got == each.expected and each.effects == 0 for each in attacks)
    return Shown(document=document, ok=verified and stopped and verdict["verified"] is True)


def _approvers(verdict: Object) -> str:
    return " and ".join(str(each["approver"]) for each in _objects(verdict["approvers"]))


def _as_of(verdict: Object) -> str:
    as_of = verdict["as_of"]
    return f"checkpoint {as_of['size']}" if isinstance(as_of, dict) else ""


def _objects(value: Value) -> list[Object]:
    """Return the objects of an array that a verb returned."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
