"""The checks between a request and its effect, in one place and in order (protocol 4).

First failure decides. Opening the token (0 to 2c) yields a `VerifiedReceipt`; the rest are
predicates over it and the facts, in one table. A check that itself fails denies.

Every member of a receipt is in exactly one set: compared here (`mode`, `enforceable`, `issuer`,
`audience`, `key_id`, `run_id`, `operation_id`, `operation_kind`, `subject`, `operation_digest`,
`plan_digest`, `certificate_id`, `issued_at`, `not_before`, `expires_at`, `max_age_seconds`); found
by it (`receipt_id`); or kept for those who read the record later (`reasons`, `attempt`,
`policy_digest`, `policy_version`, `approvals_digest`, `approvers`, `decided_at_size`, `nonce`),
all of it under the MAC and equal, byte by byte, to what is stored (check 6).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from msgspec import Struct

from placet.domain.authorization.facts import (
    Desk,
    Facts,
    KeyState,
    ReceiptKey,
    ReceiptState,
    Refusal,
    Request,
    VerifiedReceipt,
)
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.place import asked_of_provider, check_leads_to
from placet.domain.authorization.receipt import Receipt, mac, read_receipt, split_compact
from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, NotCanonicalError, Object, Value, decode, encode
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode
from placet.errors import DeniedError, InvalidInputError

CLOCK_TOLERANCE = timedelta(seconds=5)
OBSERVATION_LIFETIME = timedelta(seconds=30)
_POINTS_AT_A_COMMIT = ("branch:", "tag:")
"""Facts about a repository's refs: they moved to another commit, or began or ceased to be."""
NUMBERS = ("0", "1", "2", "2a", "2b", "2c", "3", "3a", "4", "5", "5a", "6", "7", "8", "9")
NAMES = {
    "0": "ledger and clock",
    "1": "mode",
    "2": "presence",
    "2a": "form",
    "2b": "key",
    "2c": "signature",
    "3": "enforceable",
    "3a": "issuer and audience",
    "4": "run",
    "5": "operation",
    "5a": "subject, parameters, artifacts, plan",
    "6": "not consumed",
    "7": "not expired",
    "8": "not stale",
    "9": "limits and freezes",
}

P = ParamSpec("P")
R = TypeVar("R")


class CheckDeniedError(DeniedError):
    """A check said no. `checks` maps every check's number to pass, fail or not_evaluated.

    `receipt_id` is set only when the signature held: nothing else of a token is believed.
    """

    def __init__(self, cause: DeniedError, checks: Mapping[str, str], receipt_id: str) -> None:
        """Keep the failed check's code, sentence and hint."""
        super().__init__(cause.code, cause.message, hint=cause.hint)
        self.checks = checks
        self.receipt_id = receipt_id


class Trail:
    """Runs checks one by one and remembers each result."""

    def __init__(self) -> None:
        """Start with nothing evaluated."""
        self._results = dict.fromkeys(NUMBERS, "not_evaluated")
        self.receipt_id = ""

    @property
    def results(self) -> Object:
        """Return pass, fail or not_evaluated for every check's number."""
        return {f"check_{number}": result for number, result in self._results.items()}

    def run(self, number: str, check: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one check; raise `CheckDeniedError` if it refuses or cannot be evaluated."""
        result = self.prepare(number, check, *args, **kwargs)
        self._results[number] = "pass"
        return result

    def prepare(self, number: str, gather: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what check `number` needs; raise `CheckDeniedError` if it refuses or cannot be found out."""
        try:
            return gather(*args, **kwargs)
        except DeniedError as error:
            raise self.denied(number, error) from error
        except Exception as error:  # fail closed: whatever breaks inside a check means no
            broken = DeniedError("CHECK_FAILED", f"check {number} ({NAMES[number]}) could not be evaluated")
            raise self.denied(number, broken) from error

    def denied(self, number: str, cause: DeniedError) -> CheckDeniedError:
        """Record that check `number` failed with `cause` and return the denial."""
        self._results[number] = "fail"
        return CheckDeniedError(cause, dict(self._results), self.receipt_id)


def open_receipt(request: Request, desk: Desk, trail: Trail) -> VerifiedReceipt:
    """Run checks 0 to 2c: only what comes out may be believed, stored or acted on."""
    trail.run("0", _ledger_and_clock_can_be_trusted, desk)
    trail.run("1", _mode_is_prod, request, desk)
    token = trail.run("2", _receipt_is_present, request)
    payload, tag, claimed = trail.run("2a", _form_is_strict, token)
    key = trail.run("2b", _key_is_usable, claimed, desk)
    trail.run("2c", _signature_holds, key, payload, tag)
    trail.receipt_id = claimed.receipt_id
    return VerifiedReceipt(receipt=claimed, payload=payload)


def _ledger_and_clock_can_be_trusted(desk: Desk) -> None:
    """Check 0. That the ledger takes entries and is not sealed shows when the reservation commits.

    A denial is an entry too: where the ledger takes none, every answer is `SEALED` or
    `AUDIT_UNAVAILABLE`.
    """
    if desk.now < desk.ledger_time - CLOCK_TOLERANCE:
        raise DeniedError(
            "CLOCK_REGRESSION", "the clock is behind the newest entry", hint="set the clock, then try again"
        )


def _mode_is_prod(request: Request, desk: Desk) -> None:
    """Check 1: the port was built for prod, and the request says prod, letter by letter."""
    if desk.port_mode != Mode.PROD.value or request.mode != Mode.PROD.value:
        raise DeniedError("MODE_NOT_PROD", "this is not a production run: nothing is performed")


def _receipt_is_present(request: Request) -> str:
    """Check 2."""
    if not request.token:
        raise DeniedError("RECEIPT_MISSING", "no receipt was presented", hint="receipts come from an approved plan")
    if not isinstance(request.token, str):
        raise DeniedError("RECEIPT_MALFORMED", "what was presented is no text")
    return request.token


def _form_is_strict(token: str) -> tuple[bytes, bytes, Receipt]:
    """Check 2a: size, strict parse, canonical, version.

    What is wrong with it is not told: the reason would quote what nobody has signed.
    """
    payload, tag = split_compact(token)
    try:
        members = decode(payload)
        if type(members.get("v")) is int and members["v"] != 1:
            raise DeniedError("RECEIPT_VERSION_UNSUPPORTED", "the receipt is of a version that is not known here")
        return payload, tag, read_receipt(members)
    except NotCanonicalError as error:
        raise DeniedError("RECEIPT_NOT_CANONICAL", "the receipt is not in its one spelling") from error
    except InvalidInputError as error:
        raise DeniedError("RECEIPT_MALFORMED", "the receipt is not well-formed") from error


def _key_is_usable(claimed: Receipt, desk: Desk) -> ReceiptKey:
    """Check 2b: the key is one of ours, found without any look-up by what the message says."""
    key = desk.keys.get(claimed.key_id)
    if key is None:
        raise DeniedError("KEY_UNKNOWN", "the receipt names a key that is not ours")
    if key.state is KeyState.RETIRED:
        raise DeniedError("KEY_RETIRED", "the receipt's key is retired")
    if key.state is KeyState.REVOKED:
        raise DeniedError("KEY_REVOKED", "the receipt's key is revoked")
    return key


def _signature_holds(key: ReceiptKey, payload: bytes, tag: bytes) -> None:
    """Check 2c, in constant time."""
    if not tag:
        raise DeniedError("SIGNATURE_MISSING", "the receipt carries no signature")
    if not hmac.compare_digest(mac(key.secret, payload), tag):
        raise DeniedError("SIGNATURE_INVALID", "the receipt's signature does not hold")


def _enforceable(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - one shape for the table
    """Check 3."""
    if verified.receipt.enforceable is not True:
        raise DeniedError("RECEIPT_NOT_ENFORCEABLE", "the receipt is advisory: it authorises nothing")
    if verified.receipt.mode is not Mode.PROD:
        raise DeniedError("RECEIPT_MODE_MISMATCH", "the receipt was made for another mode")


def _issuer_and_audience(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - as above
    """Check 3a."""
    if verified.receipt.issuer != facts.issuer:
        raise DeniedError("ISSUER_MISMATCH", "the receipt was issued by another log")
    if verified.receipt.audience != request.operation.subject.provider:
        raise DeniedError("AUDIENCE_MISMATCH", "the receipt is for another provider")


def _run(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - as above
    """Check 4."""
    if verified.receipt.run_id != request.run_id or not request.operation.operation_id.startswith(request.run_id + "/"):
        raise DeniedError("RUN_MISMATCH", "the receipt is for another run")


def _operation(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - as above
    """Check 5: kind and identity of the operation."""
    receipt, operation = verified.receipt, request.operation
    if (
        receipt.operation_kind is not operation.operation_kind
        or receipt.operation_id != operation.operation_id
        or receipt.certificate_id != operation.certificate_id
    ):
        raise DeniedError("OPERATION_MISMATCH", "the receipt is for another operation")


def _bindings(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - as above
    """Check 5a: one byte, the tag or the target changed after approval voids the receipt."""
    receipt, operation, plan = verified.receipt, request.operation, facts.plan
    if receipt.subject != operation.subject:
        raise DeniedError("SUBJECT_MISMATCH", "the receipt is for another package, version, tag or repository")
    planned = plan.operation(operation.operation_id) if plan and plan.digest() == receipt.plan_digest else None
    if planned is None or planned.preconditions != operation.preconditions:
        raise DeniedError("PLAN_MISMATCH", "the receipt's plan is not the stored one, or differs from the request")
    if not _spelled_alike(planned.params, operation.params):
        raise DeniedError("PARAMS_MISMATCH", "the parameters are not those that were approved")
    if planned.artifacts != operation.artifacts or facts.contents != operation.artifacts:
        raise DeniedError("ARTIFACT_MISMATCH", "the bytes are not those that were approved")
    if operation.digest(Mode.PROD) != receipt.operation_digest:
        raise DeniedError("PLAN_MISMATCH", "the operation is not the one that the receipt was issued for")


def _spelled_alike(planned: Mapping[str, Value], presented: Mapping[str, Value]) -> bool:
    """Compare as canonical JSON does: in Python `True` equals `1` and `1.0`."""
    if presented is planned:  # in a core operation, which is performed as it stands in its plan
        return True
    try:
        return encode(dict(presented), limit=PLAN_LIMIT_BYTES) == encode(dict(planned), limit=PLAN_LIMIT_BYTES)
    except InvalidInputError:  # no plan can hold such parameters
        return False


_CONSUMED = {
    ReceiptState.RESERVED: ("RECEIPT_RESERVED", "the receipt is in use by a reservation"),
    ReceiptState.INDETERMINATE: ("RECEIPT_RESERVED", "the receipt is spent on an effect that is being looked up"),
    ReceiptState.REVOKED: ("RECEIPT_REVOKED", "the receipt was revoked"),
}


def _not_consumed(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - as above
    """Check 6: stored with this payload, still `issued`."""
    if facts.stored is None:
        raise DeniedError("RECEIPT_UNKNOWN", "a receipt with a valid signature was never issued", hint="rotate the key")
    if facts.stored.payload_digest != sha256(verified.payload):
        raise DeniedError("RECEIPT_PAYLOAD_MISMATCH", "the receipt is not the one that was issued under this id")
    if facts.stored.state is not ReceiptState.ISSUED:
        code, sentence = _CONSUMED.get(facts.stored.state, ("RECEIPT_CONSUMED", "the receipt was used already"))
        raise DeniedError(code, sentence)


def _not_expired(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - as above
    """Check 7: `not_before` ≤ now < `expires_at`."""
    if now < verified.receipt.not_before:  # which is never before its issue
        raise DeniedError("RECEIPT_NOT_YET_VALID", "the receipt is not valid yet")
    if now >= verified.receipt.expires_at:
        raise DeniedError("RECEIPT_EXPIRED", "the receipt has expired", hint="issue again from the same plan")


def _not_stale(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:
    """Check 8: age, and no premise of the decision moved."""
    receipt = verified.receipt
    if now - receipt.issued_at > timedelta(seconds=receipt.max_age_seconds):
        raise DeniedError("STALE_AGE", "the receipt is too old, whatever it says of its expiry", hint="issue again")
    check_leads_to(request.operation, facts.place)
    if facts.refusals and facts.policy_digest != receipt.policy_digest:
        raise _refused_now("STALE_POLICY", facts.refusals[0])
    if not facts.requester_active:
        raise DeniedError("STALE_REQUESTER", "who asked for this may no longer ask")
    if facts.refusals:
        raise _refused_now("STALE_APPROVAL", facts.refusals[0])
    if receipt.certificate_id:
        _certificate_still_good(receipt, facts, now)
    if facts.held_by not in ("", receipt.operation_id):
        raise DeniedError("STALE_SUBJECT", f"the subject is taken by operation {facts.held_by}", hint="plan again")
    _world_did_not_move(request.operation, facts, now)


def _not_frozen(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime) -> None:  # noqa: ARG001 - as above
    """Check 9: no freeze is open over what is asked. Limits are counted by the commit itself."""
    if facts.frozen:
        raise DeniedError("FROZEN", facts.frozen[0].sentence, hint="placet freeze list")


def _refused_now(code: str, refusal: Refusal) -> DeniedError:
    sentence = f"what allowed this no longer does ({refusal.code}: {refusal.sentence})"
    return DeniedError(code, sentence, hint="plan again")


def _certificate_still_good(receipt: Receipt, facts: Facts, now: datetime) -> None:
    certificate = facts.certificate
    if certificate is None or certificate.revoked or now >= certificate.expires_at:
        raise DeniedError("STALE_CERTIFICATE", "the certificate is unknown, revoked or expired", hint="plan again")
    if (certificate.package, certificate.version) != (receipt.subject.name, receipt.subject.version):
        raise DeniedError("STALE_CERTIFICATE", "the certificate is for another package or version", hint="plan again")


def _world_did_not_move(operation: Operation, facts: Facts, now: datetime) -> None:
    """Compare each precondition with an observation younger than 30 seconds."""
    seen = {each.fact: each for each in facts.observations if now - each.at < OBSERVATION_LIFETIME}
    for precondition in asked_of_provider(operation):
        observed = seen.get(precondition.fact)
        if observed is None or observed.value != precondition.expected:
            value = observed.value if observed else "unobserved"
            raise DeniedError(
                "STALE_COMMIT" if precondition.fact.startswith(_POINTS_AT_A_COMMIT) else "STALE_SUBJECT",
                f"{precondition.fact} of {operation.subject} is {value}, planned was {precondition.expected}",
                hint="look what stands at the provider, then plan again",
            )


_BINDING: tuple[tuple[str, Callable[[Request, VerifiedReceipt, Facts, datetime], None]], ...] = (
    ("3", _enforceable),
    ("3a", _issuer_and_audience),
    ("4", _run),
    ("5", _operation),
    ("5a", _bindings),
    ("6", _not_consumed),
    ("7", _not_expired),
    ("8", _not_stale),
    ("9", _not_frozen),
)


class Cleared(Struct, frozen=True, kw_only=True):
    """An operation that passed the checks; the limits of check 9 hold in the commit that reserves it."""

    operation: Operation
    receipt: Receipt


def clear(request: Request, verified: VerifiedReceipt, facts: Facts, now: datetime, trail: Trail) -> Cleared:
    """Run checks 3 to 9 over a verified receipt and the facts; raise `CheckDeniedError`."""
    for number, check in _BINDING:
        trail.run(number, check, request, verified, facts, now)
    return Cleared(operation=request.operation, receipt=verified.receipt)
