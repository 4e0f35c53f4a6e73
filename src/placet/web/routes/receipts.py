"""Operations and receipts: why something was not executed, a receipt's checks, asking for one, taking one back."""

from __future__ import annotations

from placet.domain.authorization.api_key import Verb
from placet.web.documents.governance import ReceiptShown, Reconciled
from placet.web.documents.runs import OperationOfRun
from placet.web.documents.strict import Asked, Nothing
from placet.web.route import Answer, Call, Route

_TAG = "receipts"
_OPERATION = "/api/v1/operations/{run_id}/{plan}/{step}"
_RECEIPT = "/api/v1/receipts/{receipt_id}"


async def operation(call: Call) -> Answer:
    """Show an operation, and why it was or was not executed."""
    return Answer(document=await call.placet.publishing.operation(_operation_id(call)))


async def request(call: Call) -> Answer:
    """Ask for the authorization of an operation: an enforceable receipt, or the reasons against it.

    The receipt is spent by the run itself, once it goes on; nobody is given what would spend it.
    """
    return Answer(document=await call.placet.receipts.request(_operation_id(call)))


async def show(call: Call) -> Answer:
    """Show a receipt: what it allows, each check of it, and what happened to it."""
    return Answer(document=await call.placet.receipts.show(call.path["receipt_id"]))


async def revoke(call: Call) -> Answer:
    """Take back a receipt that was not used; its operation may get another one."""
    done = await call.placet.receipts.revoke(call.path["receipt_id"], requester=call.body.requester)
    return Answer(document=done)


async def reconcile(call: Call) -> Answer:
    """Have every effect looked up that is in doubt, as far as the key may see it; nothing is sent."""
    return Answer(document=await call.placet.publishing.reconcile())


def _operation_id(call: Call) -> str:
    return f"{call.path['run_id']}/{call.path['plan']}/{call.path['step']}"


ROUTES = (
    Route(
        method="GET",
        path=_OPERATION,
        handler=operation,
        summary="Show an operation, and why it was or was not executed",
        tag=_TAG,
        answers={200: OperationOfRun},
    ),
    Route(
        method="POST",
        path=f"{_OPERATION}/receipt",
        handler=request,
        performs=True,
        summary="Ask for the authorization of an operation",
        tag=_TAG,
        scope=Verb.PUBLISH,
        body=Nothing,
        answers={200: ReceiptShown},
        codes=(
            "APPROVALS_MISSING",
            "RECEIPT_ALREADY_OPEN",
            "OPERATION_OUT_OF_ORDER",
            "OPERATION_MISMATCH",
            "MODE_NOT_PROD",
            "RUN_CLOSED",
            "FROZEN",
            "SCOPE_INSUFFICIENT",
        ),
    ),
    Route(
        method="GET",
        path=_RECEIPT,
        handler=show,
        summary="Show a receipt with its checks",
        tag=_TAG,
        answers={200: ReceiptShown},
    ),
    Route(
        method="POST",
        path=f"{_RECEIPT}/revoke",
        handler=revoke,
        summary="Take back a receipt that was not used",
        tag=_TAG,
        scope=Verb.PUBLISH,
        body=Asked,
        answers={200: ReceiptShown},
        codes=("RECEIPT_CONSUMED", "RECEIPT_REVOKED", "REQUESTER_MISMATCH", "SCOPE_INSUFFICIENT"),
    ),
    Route(
        method="POST",
        path="/api/v1/reconcile",
        handler=reconcile,
        summary="Look up every effect that is in doubt",
        tag=_TAG,
        body=Nothing,
        answers={200: Reconciled},
    ),
)
