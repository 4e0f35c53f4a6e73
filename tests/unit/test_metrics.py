"""Figures: what is counted, and that nothing from outside makes a series."""

from __future__ import annotations

import pytest

from placet.core.bundles import DenialBundles
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import PlacetError
from placet.ports.effects import Finding, Presence
from placet.usecases.measure_state import measure_state
from placet.usecases.reconcile import reconcile
from placet.web.metrics import Metrics
from support.world import World


def value(metrics: Metrics, series: str) -> float:
    """Return the value of one series; 0 where there is none."""
    for line in metrics.text().decode().splitlines():
        if line.rpartition(" ")[0] == series:
            return float(line.rpartition(" ")[2])
    return 0.0


def series(metrics: Metrics) -> int:
    return len([line for line in metrics.text().splitlines() if not line.startswith(b"#")])


def in_doubt(world: World) -> None:
    """Let it stay unknown what becomes of the next effect."""
    world.double.answers = OutcomeStatus.INDETERMINATE
    world.double.finding = Finding(presence=Presence.UNKNOWN)


def metered() -> tuple[World, Metrics]:
    world, metrics = World(), Metrics()
    world.rebuild(meter=metrics, recorder=DenialBundles())
    return world, metrics


def test_a_receipt_is_counted_in_each_state_that_it_comes_to() -> None:
    world, metrics = metered()
    plan, token = world.ready()

    world.present(plan, token)

    for state in ("issued", "reserved", "executed"):
        assert value(metrics, f'placet_receipts_total{{state="{state}"}}') == 1


def test_replays_and_forgeries_are_counted_each_time() -> None:
    world, metrics = metered()
    plan, token = world.ready()
    world.present(plan, token)
    for _ in range(3):
        with pytest.raises(PlacetError, match="RECEIPT_CONSUMED"):
            world.present(plan, token)
    for _ in range(2):
        with pytest.raises(PlacetError, match="SIGNATURE_INVALID"):
            world.present(plan, token[:-8] + "AAAAAAAA")

    assert value(metrics, "placet_replays_total") == 3
    assert value(metrics, "placet_forgeries_total") == 2
    assert value(metrics, "placet_denial_alerts_total") == 5
    assert value(metrics, 'placet_denials_total{code="RECEIPT_CONSUMED"}') == 3


def test_nothing_from_outside_makes_a_series() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.answered(f"METHOD{number}", "", 404, 0)
        metrics.failed(f"CODE_{number}", 400)
        metrics.denied(f"CODE_{number}", alert=False)
        metrics.receipt(f"state {number}")

    assert value(metrics, 'placet_http_requests_total{method="other",route="none",status="404"}') == 1000
    assert value(metrics, 'placet_denials_total{code="other"}') == 1000
    assert series(metrics) < 100


def test_groups_and_upkeep_are_counted() -> None:
    metrics = Metrics()
    for changes in (1, 3, 3, 200):
        metrics.grouped(changes)
    metrics.upkeep("reconcile", done=False)

    assert value(metrics, 'placet_commit_group_changes_bucket{le="4.0"}') == 3
    assert value(metrics, 'placet_upkeep_runs_total{outcome="failed",task="reconcile"}') == 1


def test_the_state_tells_what_is_in_doubt_and_for_how_long() -> None:
    world, _ = metered()
    before = world.run(measure_state(world.context, world.ledger))
    plan, token = world.ready()
    in_doubt(world)
    world.present(plan, token)
    world.move(minutes=10)

    after = world.run(measure_state(world.context, world.ledger))

    assert (before.unsettled, before.in_doubt_seconds) == (0, 0)
    assert (after.readable, after.sealed, after.unsettled) == (True, False, 1)
    assert 500 <= after.in_doubt_seconds <= 600
    assert after.anchored == after.size == len(world.contents())


def test_a_look_up_that_finds_nothing_counts_no_receipt_again() -> None:
    world, metrics = metered()
    plan, token = world.ready()
    in_doubt(world)
    world.present(plan, token)
    world.move(hours=1)
    world.run(reconcile(world.context))

    assert value(metrics, 'placet_receipts_total{state="indeterminate"}') == 1
