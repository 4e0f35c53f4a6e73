"""Both descriptions that are served: valid OpenAPI 3.1, whole, and true in what they say of names and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from placet.domain.values.npm import parse_package_name, parse_version
from placet.errors import InvalidInputError
from placet.web.forms import PARAMETERS
from placet.web.route import Access
from placet.web.routes import chronicle
from placet.web.table import ROUTES
from support.service import Service

WHOLE, EVENTS = "/openapi.json", "/chronicle/openapi.json"
PAGES = {WHOLE: ROUTES, EVENTS: chronicle.ROUTES}


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def described(service: Service, page: str) -> dict[str, Any]:
    found: dict[str, Any] = service.ask("GET", page).document
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def links(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, _, operation in operations(described):
        for response in operation["responses"].values():
            yield from response.get("links", {}).values()


def test_the_description_is_valid(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_every_endpoint_is_described_and_no_other(described: dict[str, Any], page: str) -> None:
    served = {(route.method, route.path) for route in PAGES[page] if route.access is not Access.MACHINE}

    assert {(method, path) for method, path, _ in operations(described)} == served


def test_every_operation_has_a_name_of_its_own(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]

    assert sorted(names) == sorted(set(names))


def test_every_link_leads_to_an_operation_and_names_parameters_of_it(described: dict[str, Any]) -> None:
    taken = {each["operationId"]: {named["name"] for named in each["parameters"]} for *_, each in operations(described)}
    led = [(link["operationId"], set(link.get("parameters", ()))) for link in links(described)]

    assert led
    assert [(name, named) for name, named in led if not named <= taken.get(name, set())] == []


def test_every_answer_is_said_to_have_a_request_id(described: dict[str, Any]) -> None:
    common = described["components"]["responses"]
    for _, _, operation in operations(described):
        for response in operation["responses"].values():
            told = common[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
            assert "X-Request-Id" in told["headers"]


def test_a_certificate_leads_to_what_is_done_with_it(service: Service) -> None:
    issue = service.ask("GET", WHOLE).document["paths"]["/v1/certificates/issue"]["post"]

    told = issue["responses"]["201"]["links"]

    assert told["certificates_revoke"] == {
        "operationId": "certificates_revoke",
        "parameters": {"cert_id": "$response.body#/cert_id"},
    }
    assert {"certificates_show", "certificates_verify", "certificates_renew", "chronicle_report"} <= set(told)


def test_whatever_can_block_an_operation_is_said_of_what_performs_some(service: Service) -> None:
    paths = service.ask("GET", WHOLE).document["paths"]

    for path in ("/api/v1/runs/{run_id}/resume", "/api/v1/publications"):
        assert {"STALE_SUBJECT", "FROZEN", "OUTCOME_UNKNOWN", "MODE_NOT_PROD"} <= set(
            paths[path]["post"]["x-error-codes"]
        )
        assert "502" in paths[path]["post"]["responses"]
    assert "STALE_SUBJECT" not in paths["/api/v1/runs/{run_id}"]["get"]["x-error-codes"]


def test_texts_that_a_body_has_to_have_are_said_not_to_be_empty(service: Service) -> None:
    revocation = service.ask("GET", WHOLE).document["components"]["schemas"]["RevocationWanted"]

    assert revocation["properties"]["reason"]["minLength"] == 1
    assert "minLength" not in revocation["properties"]["invalid_since"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_example_of_a_parameter_has_its_form(name: str) -> None:
    (meta,) = PARAMETERS[name].__metadata__
    form = meta.extra_json_schema

    assert [each for each in form.get("examples", ()) if re.search(form["pattern"], each) is None] == []


def pattern(name: str) -> str:
    (meta,) = PARAMETERS[name].__metadata__
    return str(meta.extra_json_schema["pattern"])


@given(st.from_regex(pattern("version"), fullmatch=True).filter(lambda text: len(text) <= 16))
def test_what_has_the_form_of_a_version_is_one(text: str) -> None:
    assert parse_version(text) == text


@given(st.text("@/aA09._-", max_size=12))
def test_what_is_a_name_has_the_form_of_one(text: str) -> None:
    try:
        name = parse_package_name(text)
    except InvalidInputError:
        return

    assert re.search(pattern("package"), name)
