"""What a kind demands of its params is judged before anybody is asked to approve them."""

from __future__ import annotations

from typing import Any

import pytest

from placet.core.runs import Intent
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.operation_params import check_params
from placet.domain.values.kinds import OperationKind
from placet.errors import InvalidInputError
from support.intents import a_publication, an_object, artifact


def operation(intent: Intent, **changed: Any) -> Operation:
    members: dict[str, Any] = {
        "operation_id": "run_00000000000000000000000000/1/1",
        "operation_kind": intent.kind,
        "certificate_id": "",
        "subject": intent.subject,
        "params": intent.params,
        "artifacts": intent.artifacts,
        "preconditions": intent.preconditions,
    }
    return Operation(**{**members, **changed})


@pytest.mark.parametrize("intent", [a_publication(), an_object()])
def test_what_publish_plans_is_right(intent: Intent) -> None:
    check_params(operation(intent), {})


def test_a_kind_without_a_reader_is_not_judged_here() -> None:
    check_params(operation(a_publication(), operation_kind=OperationKind.ENROL_PRINCIPAL, params={"x": 1}), {})


@pytest.mark.parametrize(
    ("intent", "changed"),
    [
        (a_publication(), {"params": {"dist_tag": "latest"}}),
        (a_publication(), {"params": {"dist_tag": "latest", "access": "secret"}}),
        (a_publication(), {"params": {"dist_tag": "latest", "access": "", "registry": "x"}}),
        (an_object(), {"params": {}}),
        (an_object(), {"params": {"key": "a", "acl": "public"}}),
        (an_object(), {"params": {"key": "a b"}}),
        (an_object(), {"artifacts": (artifact(b"1", "a"), artifact(b"2", "b"))}),
    ],
)
def test_anything_else_is_refused(intent: Intent, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_params(operation(intent, **changed), {})

    assert caught.value.code == "PLAN_INVALID"
