"""Why an operation did not ship: reason, explanation and next steps, the first that applies (contract 8)."""

from __future__ import annotations

from msgspec import Struct

from placet.core.entities.runs import Run, RunState
from placet.domain.authorization.explanations import explain
from placet.domain.authorization.facts import ReceiptState
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.kinds import Mode
from placet.usecases.show_run import OperationView

_UNSETTLED = {ReceiptState.RESERVED: "IN_PROGRESS", ReceiptState.INDETERMINATE: "OUTCOME_UNKNOWN"}
_ENDED = {RunState.DENIED: "DENIED_BY_APPROVER", RunState.ABANDONED: "RUN_CLOSED", RunState.CONFLICT: "RUN_CLOSED"}


class Block(Struct, frozen=True, kw_only=True):
    """What keeps an operation from shipping: a code, and the sentence of whoever said no, empty where nobody did."""

    code: str
    sentence: str


def why_not(view: OperationView, run: Run) -> Object:
    """Return why the operation did not ship: nothing where it did, an empty reason where nothing blocks it."""
    if view.executed:
        return {}
    block = block_of(view, run)
    if block is None:
        steps = list[Value]([f"carry it out: placet run resume {run.run_id}"])
        return {"reason": "", "sentence": "", "explanation": "Nothing blocks it.", "next_steps": steps}
    explanation = explain(block.code)
    return {
        "reason": block.code,
        "sentence": block.sentence,
        "explanation": explanation.text,
        "next_steps": list[Value](explanation.steps_for(run.run_id)),
    }


def block_of(view: OperationView, run: Run) -> Block | None:
    """Return what blocks an operation that was not executed, None where nothing does."""
    return next((block for block in _candidates(view, run) if block is not None), None)


def _candidates(view: OperationView, run: Run) -> tuple[Block | None, ...]:
    receipt, refusals, denials = view.receipt, view.judgement.refusals, view.denials
    unsettled = _UNSETTLED.get(receipt.state) if receipt else None
    return (
        _by_mode(view) if run.mode is Mode.DRY_RUN else None,
        Block(code=denials[-1].code, sentence=denials[-1].sentence) if denials else None,
        Block(code=receipt.error_code, sentence="") if receipt and receipt.error_code else None,
        Block(code=unsettled, sentence="") if unsettled else None,
        Block(code=refusals[0].code, sentence=refusals[0].sentence) if refusals else None,
        Block(code=_ENDED[run.state], sentence=f"the run was {run.state.value}") if run.state in _ENDED else None,
        None if view.in_turn else Block(code="OPERATION_OUT_OF_ORDER", sentence=""),
    )


def _by_mode(view: OperationView) -> Block:
    reasons = view.intent.reasons if view.intent else ()
    return Block(code="MODE_NOT_PROD", sentence="; ".join(reasons) or "a dry run performs nothing")
