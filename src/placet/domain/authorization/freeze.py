"""Freezes: for a while nothing is published, everywhere or for some subjects (protocol 6).

A freeze only says no, so setting one is quick; lifting one is a governed act. It holds whatever
acts outside. Core operations go on under it: a certificate publishes nothing, a registration
records the truth, a revocation takes trust away, and governed acts, above all `lift_freeze`, have
to work while things are wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from placet.domain.authorization.facts import Refusal
from placet.domain.authorization.operation import RUN_ID, Operation
from placet.domain.authorization.pattern import parse_subject_pattern
from placet.domain.authorization.plan import PRINCIPAL
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.record import Record
from placet.domain.values.kinds import CORE_KINDS
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError

FREEZE_ID = r"frz_[0-9]{14}_[a-z0-9]{6}"
EVERYTHING = ("*:**",)
MOST_SUBJECTS = 8
LONGEST_REASON = 500
REVIEW_WITHIN = timedelta(hours=72)
"""How long after its first receipt a publication under break-glass may go without review (protocol 6)."""
FROZEN = "FROZEN"
_CODE = "FREEZE_INVALID"


class Freeze(Struct, frozen=True, kw_only=True):
    """One freeze: over which subjects, why, by whom, and from when it holds.

    `run_id` names the publication under break-glass whose review it waits for, and `involved` who
    asked for that or broke the glass; both are empty where somebody set it. The reason is printable
    ASCII of one line.
    """

    freeze_id: str
    subjects: tuple[str, ...]
    reason: str
    set_by: str
    set_at: datetime
    begins_at: datetime
    run_id: str = ""
    involved: tuple[str, ...] = ()

    def begun(self, now: datetime) -> bool:
        """Tell whether the freeze holds at `now`; one that was to hold at once does, also for a clock that lags."""
        return self.begins_at <= now or self.begins_at == self.set_at

    def covers(self, operation: Operation) -> bool:
        """Tell whether the freeze is about what `operation` does, whenever it begins."""
        if operation.operation_kind in CORE_KINDS:
            return False
        patterns = (parse_subject_pattern(text) for text in self.subjects)
        return any(pattern is not None and pattern.matches(operation.subject) for pattern in patterns)

    def to_object(self) -> Object:
        """Return the members of the canonical object."""
        return {
            "freeze_id": self.freeze_id,
            "subjects": list(self.subjects),
            "reason": self.reason,
            "set_by": self.set_by,
            "set_at": format_instant(self.set_at),
            "begins_at": format_instant(self.begins_at),
            "run_id": self.run_id,
            "involved": list(self.involved),
        }


def read_freeze(record: Record) -> Freeze:
    """Return the freeze whose members `record` holds, and nothing else."""
    freeze = Freeze(
        freeze_id=record.text("freeze_id", FREEZE_ID),
        subjects=record.texts("subjects"),
        reason=record.text("reason"),
        set_by=record.text("set_by", PRINCIPAL),
        set_at=record.instant("set_at"),
        begins_at=record.instant("begins_at"),
        run_id=record.text("run_id", f"({RUN_ID})?"),
        involved=record.texts("involved", PRINCIPAL) if record.holds("involved") else (),
    )
    record.end()
    return checked_freeze(freeze)


def checked_freeze(freeze: Freeze) -> Freeze:
    """Return `freeze` if it holds anything and says why.

    Raise `InvalidInputError` (`FREEZE_INVALID`) for no, too many or malformed patterns, and for a
    reason that is empty, too long, or not one line of printable ASCII.
    """
    if not 1 <= len(freeze.subjects) <= MOST_SUBJECTS:
        raise InvalidInputError(_CODE, f"a freeze is over 1 to {MOST_SUBJECTS} patterns of subjects")
    for text in freeze.subjects:
        if parse_subject_pattern(text) is None:
            hint = "PROVIDER:NAME with * in it, as in a policy: npm:@acme/*"
            raise InvalidInputError(_CODE, f"{text[:80]!a} is no pattern of subjects", hint=hint)
    reason = freeze.reason
    if not reason.strip() or len(reason) > LONGEST_REASON or not (reason.isascii() and reason.isprintable()):
        raise InvalidInputError(
            _CODE, f"a freeze has a reason: one line of printable ASCII, at most {LONGEST_REASON} characters"
        )
    return freeze


def frozen(freezes: Iterable[Freeze], operation: Operation, now: datetime) -> tuple[Refusal, ...]:
    """Return a refusal (`FROZEN`) for each freeze that holds `operation` at `now`."""
    return tuple(
        Refusal(code=FROZEN, sentence=f"{freeze.freeze_id} of {freeze.set_by} holds {operation.subject.pattern_text}")
        for freeze in freezes
        if freeze.begun(now) and freeze.covers(operation)
    )


def frozen_from(freezes: Iterable[Freeze], operation: Operation, now: datetime) -> datetime | None:
    """Return the first instant after `now` from which a freeze will hold `operation`, None where none will."""
    later = (freeze.begins_at for freeze in freezes if not freeze.begun(now) and freeze.covers(operation))
    return min(later, default=None)
