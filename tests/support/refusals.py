"""What every refusal must leave: the code, one entry that says which check failed, and no effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct, field

from placet.domain.authorization.checks import NUMBERS
from placet.domain.encoding.canonical import Value
from placet.domain.log.entry import parse_entry
from placet.errors import PlacetError

if TYPE_CHECKING:
    from support.world import World

CHECK_OF = {
    "CLOCK_REGRESSION": "0",
    "MODE_NOT_PROD": "1",
    "RECEIPT_MISSING": "2",
    "RECEIPT_MALFORMED": "2a",
    "RECEIPT_NOT_CANONICAL": "2a",
    "RECEIPT_VERSION_UNSUPPORTED": "2a",
    "KEY_UNKNOWN": "2b",
    "KEY_RETIRED": "2b",
    "KEY_REVOKED": "2b",
    "SIGNATURE_MISSING": "2c",
    "SIGNATURE_INVALID": "2c",
    "RECEIPT_NOT_ENFORCEABLE": "3",
    "RECEIPT_MODE_MISMATCH": "3",
    "ISSUER_MISMATCH": "3a",
    "AUDIENCE_MISMATCH": "3a",
    "RUN_MISMATCH": "4",
    "OPERATION_MISMATCH": "5",
    "SUBJECT_MISMATCH": "5a",
    "PARAMS_MISMATCH": "5a",
    "ARTIFACT_MISMATCH": "5a",
    "PLAN_MISMATCH": "5a",
    "RECEIPT_UNKNOWN": "6",
    "RECEIPT_PAYLOAD_MISMATCH": "6",
    "RECEIPT_RESERVED": "6",
    "RECEIPT_CONSUMED": "6",
    "RECEIPT_REVOKED": "6",
    "RECEIPT_NOT_YET_VALID": "7",
    "RECEIPT_EXPIRED": "7",
    "STALE_AGE": "8",
    "STALE_POLICY": "8",
    "STALE_APPROVAL": "8",
    "STALE_REQUESTER": "8",
    "STALE_CERTIFICATE": "8",
    "STALE_SUBJECT": "8",
    "STALE_COMMIT": "8",
    "RATE_LIMITED": "9",
    "FROZEN": "9",
}
"""In which check each code denies (protocol 4)."""

ALERTING = frozenset(
    {
        "RECEIPT_CONSUMED",
        "RECEIPT_RESERVED",
        "RECEIPT_UNKNOWN",
        "RECEIPT_PAYLOAD_MISMATCH",
        "SIGNATURE_INVALID",
        "CHECK_FAILED",
        "SUBJECT_MISMATCH",
        "PARAMS_MISMATCH",
        "ARTIFACT_MISMATCH",
        "PLAN_MISMATCH",
    }
)


PREPARING = frozenset(
    {
        "run.requested",
        "run.abandoned",
        "plan.created",
        "approval.recorded",
        "run.denied",
        "test.written",
        "freeze.set",
        "key.revoked",
    }
)
"""Types of entries that may stand beside the denial: none of them lets anything happen."""


class Refused(Struct):
    """The refusal that was seen: what was raised, and the data of its entry."""

    sentence: str = ""
    data: dict[str, Value] = field(default_factory=dict)
    actor: str = ""


@contextmanager
def refusing(world: World, code: str, *, alert: bool | None = None, check: str | None = None) -> Iterator[Refused]:
    """Expect one refusal with `code`: raised, on record as one entry, and without any effect.

    The record must show that the code's own check failed (or `check`; "" where nothing was
    presented, so that no check ran), all before it passed, and none after it was evaluated.
    """
    size, effects, sent = len(world.contents()), Counter(world.double.effects), len(world.double.sent)
    refused = Refused()
    with pytest.raises(PlacetError) as caught:
        yield refused
    assert caught.value.code == code, str(caught.value)
    new = [parse_entry(content) for content in world.contents()[size:]]
    told = [each for each in new if each.body.type not in PREPARING]
    assert [each.body.type for each in told] == ["authorization.denied"]
    data = told[0].body.data
    assert isinstance(data, dict)
    assert data["code"] == code
    assert data["alert"] is (code in ALERTING if alert is None else alert)
    failed = CHECK_OF.get(code, "") if check is None else check
    assert data["checks"] == (_trail(failed) if failed else {})
    assert (world.double.effects, len(world.double.sent)) == (effects, sent)
    refused.sentence, refused.data, refused.actor = caught.value.message, data, told[0].body.actor


def _trail(failed: str) -> dict[str, str]:
    at = NUMBERS.index(failed)
    results = ["pass"] * at + ["fail"] + ["not_evaluated"] * (len(NUMBERS) - at - 1)
    return {f"check_{number}": result for number, result in zip(NUMBERS, results, strict=True)}
