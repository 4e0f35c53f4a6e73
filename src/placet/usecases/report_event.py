"""Record in the Chronicle what a key holder reports; no decision and no verdict reads it (contract 4)."""

from __future__ import annotations

import re
from datetime import datetime

from placet.core.context import Context
from placet.core.credentials import check_caller, credential_premises
from placet.core.decide import Decision, decide, new_event_id
from placet.core.entities.chronicle import ChronicleEvent
from placet.core.said import keeping
from placet.domain.certificate.identifiers import CERTIFICATE_ID
from placet.domain.log.change import Snapshot
from placet.domain.log.lifecycle import CODE, Source, check_event
from placet.domain.values.npm import parse_package_name, parse_version
from placet.domain.values.unshown import Unshown
from placet.errors import InvalidInputError

REPORTED = "chronicle.reported"
"""The type of every entry that records a report: none that evidence relies on."""


class Report(Unshown, frozen=True, kw_only=True):
    """An event as it is reported; `said` is the whole of it, as it came, kept erasable."""

    event_type: str
    package: str = ""
    version: str = ""
    certificate_id: str = ""
    said: bytes = b""


async def report_event(context: Context, report: Report, *, actor: str) -> ChronicleEvent:
    """Record a report by `actor` and return its event.

    Raise `InvalidInputError` (`EVENT_INVALID`, `NAME_INVALID`, `NAME_CONFUSABLE`, `VERSION_INVALID`),
    and `DeniedError` (`STALE_REQUESTER`) where the key that was shown was revoked meanwhile.
    """
    check_report(report)
    said = keeping(context, report.said)
    made: list[ChronicleEvent] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        check_caller(context, snapshot, now)
        event = ChronicleEvent(
            event_id=new_event_id(context, now),
            event_type=report.event_type,
            package=report.package,
            version=report.version,
            certificate_id=report.certificate_id,
            actor=actor,
            source=Source.REPORTED,
            recorded_at=now,
            said=said.digest,
        )
        made[:] = [event]
        return Decision(
            type=REPORTED,
            actor=actor,
            subject=f"{report.package}@{report.version}" if report.version else report.package,
            data={"event_type": event.event_type, "certificate_id": event.certificate_id, "said": event.said},
            writes={event.key: event.to_object()},
            erasable=said.erasable,
            entry_id=event.event_id,
        )

    await decide(context, lambda loaded: credential_premises(loaded, context.credential_id), decision)
    return made[0]


def check_report(report: Report) -> None:
    """Return where a report is one; raise `InvalidInputError` as `report_event`."""
    check_event(report.event_type, report.package, report.version)
    if report.package:
        parse_package_name(report.package)
    if report.version:
        parse_version(report.version)
    if report.version and not report.package:
        raise InvalidInputError(CODE, "a version is one of a package", hint="send the package, too")
    if report.certificate_id and re.fullmatch(CERTIFICATE_ID, report.certificate_id) is None:
        raise InvalidInputError(CODE, f"{report.certificate_id[:60]!a} is no certificate's id")
