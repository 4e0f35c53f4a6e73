"""schemathesis asks a service whatever its description allows, and more: no 5xx, no answer that is not described.

Which of its checks are left out, and why, stands in `schemathesis.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.web.responses import codes_of
from placet.web.table import ROUTES
from support.asking_anything import Heard, ask_anything, serving_something_of_everything
from support.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.needs("schemathesis")]
SEED = 20251113
ENDING = ("freezes_set", "keys_revoke", "principals_revoke_session")
"""What would leave nothing to ask for: a frozen installation, a key that is revoked."""
DESCRIBED = {(route.method, route.path, code) for route in ROUTES for code in codes_of(route)}
REACHED = {
    ("POST", "/v1/certificates/issue"),
    ("GET", "/v1/certificates/verify/{cert_id}"),
    ("GET", "/v1/certificates/{cert_id}"),
    ("POST", "/v1/certificates/{cert_id}/renew"),
    ("POST", "/v1/certificates/{cert_id}/revoke"),
    ("POST", "/chronicle/events"),
    ("GET", "/chronicle/events/{event_id}"),
    ("GET", "/registry/packages/{package}/{version}"),
    ("POST", "/api/v1/plans"),
    ("POST", "/api/v1/plans/dry-run"),
    ("GET", "/api/v1/runs/{run_id}"),
    ("GET", "/api/v1/runs/{run_id}/audit"),
    ("GET", "/api/v1/operations/{run_id}/{plan}/{step}"),
    ("GET", "/api/v1/receipts/{receipt_id}"),
    ("POST", "/api/v1/certificates/{cert_id}/revoke"),
    ("PUT", "/api/v1/artifacts/{digest}"),
}
"""Where it has to come to, or it says nothing of them."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    with serving_something_of_everything(tmp_path_factory.mktemp("anything")) as prepared:
        yield prepared


def check_nothing_was_found(heard: Heard) -> None:
    assert heard.code == 0, heard.text
    assert heard.bugs == ()
    assert [each for each in heard.requests if each["status"] >= 500] == []
    assert heard.told - DESCRIBED == set()


def test_whatever_is_asked_every_answer_is_described(prepared: tuple[Service, str]) -> None:
    excluded = tuple(word for name in ENDING for word in ("--exclude-operation-id", name))

    heard = ask_anything(*prepared, seed=SEED, arguments=excluded)

    check_nothing_was_found(heard)
    assert REACHED - heard.succeeded == set()


def test_what_ends_the_use_of_a_service_is_answered_as_described_too(tmp_path: Path) -> None:
    included = tuple(
        word
        for name in (*ENDING, "freezes_list", "freezes_lift", "keys_list", "keys_rotate")
        for word in ("--include-operation-id", name)
    )
    with serving_something_of_everything(tmp_path / "ending") as (service, key):
        heard = ask_anything(service, key, seed=SEED, arguments=included)

    check_nothing_was_found(heard)
    assert ("POST", "/api/v1/freezes") in heard.succeeded
