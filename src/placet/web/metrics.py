"""Figures for Prometheus: what this process did, and how the state stands (attacks A58, A101).

Every label comes from our own tables: a route's template, a code with a hint, a state. What comes
from outside is never one, so that nobody makes series.
"""

from __future__ import annotations

from collections.abc import Callable

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.process_collector import ProcessCollector

from placet import __version__
from placet.cli.hints import default_hint
from placet.domain.authorization.facts import ReceiptState
from placet.domain.encoding.canonical import Object

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OTHER = "other"
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_STATES = frozenset(state.value for state in ReceiptState)
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_GROUPS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_FORGERIES = frozenset({"SIGNATURE_INVALID", "RECEIPT_UNKNOWN", "RECEIPT_PAYLOAD_MISMATCH"})
_WATCHED = ("AUDIT_UNAVAILABLE", "BUSY", "INTERNAL", "SEALED")
_OUTCOMES = {True: "done", False: "failed"}
_REPLAYS = frozenset({"RECEIPT_CONSUMED"})

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # when a series began is no figure of ours


class Metrics:
    """All figures of one process, in a registry of its own; a `Meter` of the inside, too."""

    def __init__(self) -> None:
        """Begin to count at 0."""
        own = self._registry = CollectorRegistry()
        ProcessCollector(registry=own)
        Info("placet_build", "Which Placet this is.", registry=own).info({"version": __version__})
        self._requests = Counter(
            "placet_http_requests", "Requests answered.", ("method", "route", "status"), registry=own
        )
        self._seconds = Histogram(
            "placet_http_request_duration_seconds", "How long answers took.", ("route",), buckets=_SECONDS, registry=own
        )
        self._errors = Counter("placet_http_errors", "Requests that failed, by error code.", ("code",), registry=own)
        self._limited = Counter(
            "placet_http_rate_limited", "Requests refused because their key or address asked too often.", registry=own
        )
        self._running = Gauge("placet_http_requests_running", "Requests that are worked on.", registry=own)
        self._waiting = Gauge("placet_http_requests_waiting", "Requests that wait for a turn.", registry=own)
        self._connections = Gauge("placet_http_connections", "Open connections.", registry=own)
        self._denials = Counter("placet_denials", "Denials, by code.", ("code",), registry=own)
        self._replays = Counter("placet_replays", "Receipts that were shown again after their use.", registry=own)
        self._forgeries = Counter("placet_forgeries", "Receipts that nobody here issued.", registry=own)
        self._alerts = Counter("placet_denial_alerts", "Denials that somebody should look at.", registry=own)
        self._denials_waiting = Gauge("placet_denials_waiting", "Denials that wait to be recorded.", registry=own)
        self._receipts = Counter("placet_receipts", "Receipts that came to a state.", ("state",), registry=own)
        self._unsettled = Gauge(
            "placet_receipts_unsettled", "Receipts whose effect is not known yet; counted up to 1000.", registry=own
        )
        self._in_doubt = Gauge(
            "placet_oldest_indeterminate_seconds", "For how long the oldest effect has been in doubt.", registry=own
        )
        self._groups = Histogram(
            "placet_commit_group_changes", "Changes that were written together.", buckets=_GROUPS, registry=own
        )
        self._size = Gauge("placet_ledger_size", "Entries of the ledger.", registry=own)
        self._anchored = Gauge("placet_ledger_anchor_size", "Entries that the anchor vouches for.", registry=own)
        self._sealed = Gauge("placet_ledger_sealed", "1 while the ledger is sealed.", registry=own)
        self._readable = Gauge("placet_ledger_readable", "1 while the ledger can be read.", registry=own)
        self._upkeep = Counter("placet_upkeep_runs", "Upkeep that was done.", ("task", "outcome"), registry=own)
        self._begin()

    def _begin(self) -> None:
        """Begin at 0 what alerts watch: an increase is seen only of a series that was there before."""
        for state in _STATES:
            self._receipts.labels(state)
        for code in _WATCHED:
            self._errors.labels(code)

    def expect(self, task: str) -> None:
        """Begin to count the runs of one of our own tasks."""
        for outcome in _OUTCOMES.values():
            self._upkeep.labels(task, outcome)

    # what the inside tells (`Meter`)

    def receipt(self, state: str) -> None:
        """Count a receipt that came to `state`."""
        self._receipts.labels(state if state in _STATES else _OTHER).inc()

    def grouped(self, changes: int) -> None:
        """Count a group of changes."""
        self._groups.observe(changes)

    def denied(self, code: str, *, alert: bool) -> None:
        """Count a denial."""
        self._denials.labels(_known(code)).inc()
        if alert:
            self._alerts.inc()
        if code in _REPLAYS:
            self._replays.inc()
        if code in _FORGERIES:
            self._forgeries.inc()

    # what the service tells

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is a template of the table, empty where none was found."""
        known = method if method in _METHODS else _OTHER
        self._requests.labels(known, route or "none", str(status)).inc()
        self._seconds.labels(route or "none").observe(seconds)

    def failed(self, code: str, status: int) -> None:
        """Count why a request failed."""
        self._errors.labels(_known(code)).inc()
        if status == 429:  # noqa: PLR2004 - as HTTP has it
            self._limited.inc()

    def upkeep(self, task: str, *, done: bool) -> None:
        """Count a run of one of our own tasks."""
        self._upkeep.labels(task, _OUTCOMES[done]).inc()

    def watch(
        self, *, running: Callable[[], float], waiting: Callable[[], float], connections: Callable[[], float]
    ) -> None:
        """Ask these how much is going on whenever the figures are asked for."""
        self._running.set_function(running)
        self._waiting.set_function(waiting)
        self._connections.set_function(connections)

    def state(self, figures: Object) -> None:
        """Take how the state stands, as the façade's `figures.now` tells it."""
        gauges = {
            "ledger_size": self._size,
            "anchor_size": self._anchored,
            "ledger_sealed": self._sealed,
            "ledger_readable": self._readable,
            "receipts_unsettled": self._unsettled,
            "oldest_indeterminate_seconds": self._in_doubt,
            "denials_waiting": self._denials_waiting,
        }
        for name, gauge in gauges.items():
            gauge.set(float(str(int(bool(figures[name])) if isinstance(figures[name], bool) else figures[name])))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


def _known(code: str) -> str:
    return code if code == "INTERNAL" or default_hint(code) else _OTHER
