"""A problem document becomes the error that it was made of: the same kind, code, sentence and hint (contract 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from placet.domain.encoding.foreign_json import read_foreign_object
from placet.errors import (
    ApprovalsPendingError,
    ConfigurationError,
    DeniedError,
    EffectError,
    InvalidInputError,
    NotFoundError,
    PlacetError,
    UnavailableError,
    VerificationError,
)

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_LIMIT_TEXT = 2000
_KINDS: Mapping[str, type[PlacetError]] = {
    kind.kind: kind
    for kind in (
        ConfigurationError,
        DeniedError,
        EffectError,
        InvalidInputError,
        NotFoundError,
        UnavailableError,
        VerificationError,
    )
}


def error_of(status: int, content: bytes) -> PlacetError:
    """Return the error that an answer of `status` tells, whoever sent it."""
    try:
        document = read_foreign_object(content, what="the answer", code="SERVER_ANSWER_INVALID")
    except InvalidInputError:
        return _no_problem(status)
    code = document.get("error_code")
    if not isinstance(code, str) or _CODE.fullmatch(code) is None:
        return _no_problem(status)
    if status == INTERNAL:
        return _bug_of_the_service(document)
    message, hint = _text(document, "message"), _text(document, "next_action")
    kind = _text(document, "kind")
    if kind == ApprovalsPendingError.kind:
        return ApprovalsPendingError(code, message, hint=hint, run_id=_text(document, "run_id"))
    return _KINDS.get(kind, UnavailableError)(code, message, hint=hint)


INTERNAL = 500


def _bug_of_the_service(document: Mapping[str, Any]) -> UnavailableError:
    return UnavailableError(
        "SERVER_FAILED",
        "the service met a bug of its own",
        hint=f"whoever runs it finds it in the log, under {_text(document, 'request_id')[:80]}",
    )


def _no_problem(status: int) -> UnavailableError:
    return UnavailableError(
        "SERVER_ANSWER_INVALID",
        f"the answer is not of Placet (status {status})",
        hint="see that --server or PLACET_SERVER names the service itself, and what stands between",
    )


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value[:_LIMIT_TEXT] if isinstance(value, str) else ""
