"""A ballot is made again from the plan's own bytes before anybody is shown it (attacks A78).

A service that shows one plan and asks for a signature under another is refused: what is shown and
what is signed are both made here, and have to be what the service says of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.domain.authorization.ballot import Ballot
from placet.domain.authorization.plan import parse_plan
from placet.domain.authorization.render import shown_digest
from placet.domain.encoding.canonical import Object
from placet.errors import InvalidInputError, VerificationError


def ballot_of(run_id: str, sent: Object) -> Ballot:
    """Return the ballot of a run out of what a service sent for it.

    Raise `VerificationError` (`BALLOT_MISMATCH`) where the plan is another run's, or where digest or
    text are not those of the plan.
    """
    try:
        plan = parse_plan(_text(sent, "plan").encode("ascii"))
    except (InvalidInputError, UnicodeEncodeError) as error:
        raise _mismatch("what it sent is no plan") from error
    ballot = Ballot(
        plan=plan,
        policy_version=_text(sent, "policy_version"),
        demanded=_texts(sent, "demanded"),
        groups=_texts(sent, "groups"),
        breaks_glass=_text(sent, "breaks_glass"),
    )
    if plan.run_id != run_id:
        raise _mismatch(f"the plan is that of {plan.run_id}, not of {run_id[:60]}")
    if _text(sent, "plan_digest") != plan.digest():
        raise _mismatch("the digest that it names is not the plan's")
    if _text(sent, "shown_digest") != shown_digest(ballot.text):
        raise _mismatch("the text that it shows is not the plan's")
    return ballot


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str):
        raise _mismatch(f"it names no {name}")
    return value


def _texts(sent: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = sent.get(name)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _mismatch(f"it names no {name}")
    return tuple(value)


def _mismatch(why: str) -> VerificationError:
    return VerificationError("BALLOT_MISMATCH", f"the service does not show what would be signed: {why}")
