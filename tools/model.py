"""Checks the model of the receipt's life with spin, and that each mutant of it is refuted (`make model`).

The model must hold in both worlds; a mutant is refuted where spin finds the property that it breaks. A search
that ends without having seen everything is a failure, and so is a model that spin or the compiler refuses.

usage: tools/model.py
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

MODEL = Path(__file__).parents[1] / "model" / "receipt.pml"
MISSING = 3
STUCK, RECORDED = "no_receipt_is_stuck", "what_was_done_is_recorded"
LATE_TRUTH = ("FAIR", "SLEEPERS", "WRITES_ONCE", "RECEIPTS=1")
_ERRORS = re.compile(r"errors: (\d+)")
_STATES = re.compile(r"(\d+) states, stored")
_BROKEN = re.compile(r"pan:\d+: (.*?)(?: \(at depth \d+\))?$", re.MULTILINE)
_MEANING = (
    ("effects<=1", "more than one effect"),
    ("sent[", "sent again"),
    ("acceptance cycle", "it never happens"),
    ("(phase[", "who was in time is overtaken"),
    ("(stands==", "recorded as done, and was not"),
    (")&&(", "a step that no life has"),
    ("(state[", "acted without the fence"),
)
"""What spin prints of a broken property, and what that means."""


class SearchFailedError(Exception):
    """Spin, the compiler or the search gave no answer."""


class Case(Struct, frozen=True, kw_only=True):
    """One variant of the model: what it is, what is defined, and the formula (empty: the assertions)."""

    name: str
    defined: tuple[str, ...] = ()
    formula: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """What the search found: how many states there are, and what was broken (empty: nothing)."""

    states: int
    broken: str


HOLD = (
    Case(name="any provider: at most one effect, and what is recorded is true"),
    Case(name="senders that sleep, at one that writes once", defined=("SLEEPERS", "WRITES_ONCE")),
    Case(name="no receipt is stuck for ever", defined=("FAIR",), formula=STUCK),
    Case(name="what was done is recorded in the end", defined=("FAIR",), formula=RECORDED),
    Case(name="a failure that was none is corrected", defined=LATE_TRUTH, formula=RECORDED),
)
MUTANTS = (
    Case(name="reservation read and set apart", defined=("BUG_READ_AND_SET_APART",)),
    Case(name="reserved after the effect", defined=("BUG_RESERVED_AFTER_THE_EFFECT",)),
    Case(name="expiry unchecked", defined=("BUG_EXPIRY_UNCHECKED",)),
    Case(name="second receipt while the first is in doubt", defined=("BUG_SECOND_RECEIPT_IN_DOUBT",)),
    Case(name="used receipt revoked", defined=("BUG_USED_RECEIPT_REVOKED",)),
    Case(name="no fence before sending", defined=("BUG_NO_FENCE",)),
    Case(name="no deadline before sending", defined=("BUG_NO_DEADLINE",)),
    Case(name="outcome written without the fence", defined=("BUG_OUTCOME_WITHOUT_FENCE",)),
    Case(name="sender sends again after silence", defined=("BUG_SENDER_SENDS_AGAIN",)),
    Case(name="reconciler sends again", defined=("BUG_RECONCILER_SENDS_AGAIN",)),
    Case(name="silence recorded as success", defined=("BUG_SILENCE_IS_SUCCESS",)),
    Case(name="silence recorded as failure", defined=("BUG_SILENCE_IS_FAILURE",)),
    Case(name="reservation taken over before its deadline", defined=("BUG_TAKEN_OVER_EARLY",)),
    Case(name="absence believed before deadline and settle time", defined=("BUG_ABSENCE_BELIEVED_EARLY",)),
    Case(name="clock read after looking, not before", defined=("BUG_CLOCK_READ_AFTER_LOOKING",)),
    Case(name="sleeping senders at a provider that overwrites", defined=("SLEEPERS",)),
    Case(name="failure never corrected", defined=(*LATE_TRUTH, "BUG_FAILURE_NEVER_CORRECTED"), formula=RECORDED),
    Case(name="reservation never taken over", defined=("FAIR", "BUG_NEVER_TAKEN_OVER"), formula=STUCK),
)


def search(case: Case) -> Answer:
    """Search every state of one variant; stop at the first broken property."""
    with tempfile.TemporaryDirectory() as folder:
        defined = [f"-D{name}" for name in case.defined]
        _run(folder, "spin", *defined, "-a", str(MODEL))
        kind = ["-DNFAIR=3"] if case.formula else ["-DSAFETY", "-DNOCLAIM"]
        _run(folder, "gcc", "-w", "-O1", *kind, "-o", "pan", "pan.c")
        claim = ["-a", "-f", "-N", case.formula] if case.formula else []
        return _read(case, _run(folder, "./pan", "-m1000000", *claim))


def _run(folder: str, *command: str) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SearchFailedError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def _read(case: Case, said: str) -> Answer:
    errors, states = _ERRORS.search(said), _STATES.search(said)
    if errors is None or states is None or "max search depth too small" in said:
        raise SearchFailedError(f"{case.name}: the search saw not everything\n{said}")
    found = _BROKEN.search(said)
    return Answer(states=int(states[1]), broken=found[1] if found and errors[1] != "0" else "")


def _told(case: Case, answer: Answer, verdict: str) -> str:
    meaning = next((meaning for said, meaning in _MEANING if said in answer.broken), answer.broken)
    return f"{verdict:9} {case.name:62} {answer.states:>9} states  {meaning}".rstrip()


def main() -> int:
    """Search all variants and print what was found; return 1 where one is not as it must be, 3 without spin."""
    missing = [program for program in ("spin", "gcc") if shutil.which(program) is None]
    if missing:
        print(f"model: not checked, needs {', '.join(missing)}", file=sys.stderr)
        return MISSING
    try:
        with ThreadPoolExecutor(2) as two:
            answers = list(two.map(search, HOLD + MUTANTS))
    except SearchFailedError as error:
        print(f"model: {error}", file=sys.stderr)
        return 1
    held = [not each.broken for each in answers[: len(HOLD)]]
    refuted = [bool(each.broken) for each in answers[len(HOLD) :]]
    for case, answer, good in zip(HOLD, answers, held, strict=False):
        print(_told(case, answer, "holds" if good else "BROKEN"))
    for case, answer, good in zip(MUTANTS, answers[len(HOLD) :], refuted, strict=True):
        print(_told(case, answer, "refuted" if good else "SURVIVED"))
    print(f"{sum(held)} of {len(held)} hold, {sum(refuted)} of {len(refuted)} mutants refuted")
    return 0 if all(held + refuted) else 1


if __name__ == "__main__":
    sys.exit(main())
