"""`/metrics`: for this machine, or at an address of its own; what it says; and the rules that watch it."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.raw_client import head, send
from support.service import Reply, Service, serving_trial

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations"
RECORDED = re.compile(r"placet_[a-z_]+")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving_trial(tmp_path_factory.mktemp("trial")) as service:
        yield service


@pytest.fixture(scope="module")
def separate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("separate")
    with serving_trial(folder, PLACET_METRICS_ADDRESS="127.0.0.1:0") as service:
        yield service


def metrics(service: Service) -> str:
    found = service.ask("GET", "/metrics")
    assert found.status == 200
    return found.content.decode("ascii")


def value(text: str, series: str) -> float:
    """Return the value of one series; 0 where there is none."""
    return next((float(each.rpartition(" ")[2]) for each in text.splitlines() if each.startswith(f"{series} ")), 0.0)


def at_its_own_address(service: Service, path: str) -> Reply:
    found = re.search(r"metrics at http://127\.0\.0\.1:(\d+)/metrics", service.log)
    assert found is not None
    with closing(http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=60)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Reply(status=answer.status, headers=dict(answer.getheaders()), content=answer.read())


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_to_say(service: Service) -> None:
    service.ask("GET", "/v1/certificates/package/tool", key="placet_key_unknown")

    said = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics(service), capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.needs("promtool")
def test_promtool_accepts_the_rules_and_their_tests_pass(tmp_path: Path) -> None:
    for name in ("alerts.yml", "alerts-test.yml"):
        shutil.copy(OPERATIONS / name, tmp_path)
    for command in (["check", "rules", "--lint-fatal", "alerts.yml"], ["test", "rules", "alerts-test.yml"]):
        said = subprocess.run(["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr


def test_every_figure_that_a_rule_watches_is_there(service: Service) -> None:
    watched = set(RECORDED.findall((OPERATIONS / "alerts.yml").read_text())) - {"placet_alerts"}
    known = {name for line in metrics(service).splitlines() for name in RECORDED.findall(line)[:1]}

    assert {name.removesuffix("_total") for name in watched} <= {name.removesuffix("_total") for name in known}


def test_requests_are_counted_by_their_template_and_not_by_what_was_asked_for(service: Service) -> None:
    before = metrics(service)
    for number in range(5):
        service.ask("GET", f"/v1/certificates/verify/CERT-PKG-20260101-00{number}")
        service.ask("GET", f"/nothing/{number}")

    after = metrics(service)

    verified = 'placet_http_requests_total{method="GET",route="/v1/certificates/verify/{cert_id}",status="404"}'
    assert value(after, verified) - value(before, verified) == 5
    assert value(after, 'placet_http_requests_total{method="GET",route="none",status="404"}') >= 5
    assert "CERT-PKG" not in after


def test_strangers_are_counted_and_their_denials_recorded_once_and_together(service: Service) -> None:
    before = metrics(service)
    size = len(service.entries())
    for number in range(20):
        service.ask("GET", "/v1/certificates/package/tool", key=f"placet_key_{number}")

    after = metrics(service)

    denied = 'placet_denials_total{code="UNAUTHENTICATED"}'
    assert value(after, denied) - value(before, denied) == 20
    assert len(service.entries()) - size <= 2


def test_the_ledger_and_its_anchor_are_where_they_should_be(service: Service) -> None:
    text = metrics(service)

    assert value(text, "placet_ledger_size") == value(text, "placet_ledger_anchor_size") == len(service.entries())
    assert (value(text, "placet_ledger_readable"), value(text, "placet_ledger_sealed")) == (1, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "placet.example.com"},
        {"Host": "127.0.0.1.example.com:8480"},
    ],
)
def test_what_a_proxy_hands_on_finds_nothing_there(service: Service, headers: dict[str, str]) -> None:
    refused = service.ask("GET", "/metrics", headers=headers)
    nothing = service.ask("GET", "/nothing", headers=headers)

    assert (refused.status, refused.code) == (nothing.status, nothing.code) == (404, "NOT_FOUND")


@pytest.mark.parametrize("host", ["localhost", "localhost:8480", "[::1]:8480", "127.0.0.1"])
def test_this_machine_finds_them_by_any_of_its_names(service: Service, host: str) -> None:
    raw = head("GET", "/metrics").replace(b"Host: localhost", f"Host: {host}".encode())

    assert send(service, raw).status == 200


def test_at_an_address_of_their_own_they_are_served_there_and_nowhere_else(separate: Service) -> None:
    separate.ask("GET", "/health")
    found = at_its_own_address(separate, "/metrics")

    assert (found.status, b'route="/health"' in found.content) == (200, True)
    assert found.headers["x-content-type-options"] == "nosniff"
    assert separate.ask("GET", "/metrics").status == 404
    assert at_its_own_address(separate, "/health").status == 404
