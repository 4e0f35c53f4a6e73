from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.live.port import LiveSideEffects
from placet.adapters.npm.document import build_publication
from placet.demo.npm_double import Fault, NpmDouble
from placet.domain.authorization.operation import Operation
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import DeniedError, InvalidInputError
from placet.ports.effects import Finding, Outcome, Presence
from support.effects import TOKEN, GivenCredentials, World, artifact_of, authorize, make_archive, publish_operation
from support.raw_server import raw_server, whole

ARCHIVE = make_archive("@acme/tool", "1.0.0")
OTHER_ARCHIVE = make_archive("@acme/tool", "1.0.0", description="published around us")
OPERATION = publish_operation(ARCHIVE)


def perform(port: LiveSideEffects, operation: Operation = OPERATION, archive: bytes = ARCHIVE) -> Outcome:
    return asyncio.run(port.perform(authorize(operation, {"archive.tgz": archive})))


def look_up(port: LiveSideEffects) -> Finding:
    return asyncio.run(port.look_up(OPERATION))


def publish_around(double: NpmDouble) -> None:
    """Publish other content under the same version, as somebody with the credential could."""
    assert (
        perform(World(npm_url=double.url).port(), publish_operation(OTHER_ARCHIVE), OTHER_ARCHIVE).status == "executed"
    )


def sent(double: NpmDouble) -> int:
    return sum(method == "PUT" for method, _ in double.requests)


def test_a_publication_is_executed_when_the_registry_shows_its_integrity() -> None:
    with NpmDouble(TOKEN) as double:
        outcome = perform(World(npm_url=double.url).port())

    assert outcome.status is OutcomeStatus.EXECUTED
    assert outcome.response["status"] == 201
    assert str(outcome.response["integrity"]).startswith("sha512-")
    assert outcome.response["found_by"] == "answer"
    assert double.effects("@acme/tool", "1.0.0") == 1


def test_what_stands_already_with_the_same_bytes_is_executed_and_written_once() -> None:
    with NpmDouble(TOKEN) as double:
        port = World(npm_url=double.url).port()
        outcomes = [perform(port), perform(port)]

    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.EXECUTED] * 2
    assert outcomes[1].response["found_by"] == "look_up"
    assert double.effects("@acme/tool", "1.0.0") == 1


def test_other_content_under_the_version_is_a_conflict_and_stays() -> None:
    with NpmDouble(TOKEN) as double:
        publish_around(double)
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "VERSION_CONFLICT")
    assert double.effects("@acme/tool", "1.0.0") == 1


@pytest.mark.parametrize("status", [403, 409, 503, 500, 502, 408])
def test_an_error_after_acting_is_executed_by_look_up(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(acts=True, status=status))
        outcome = perform(World(npm_url=double.url).port())

    assert outcome.status is OutcomeStatus.EXECUTED
    assert (sent(double), double.effects("@acme/tool", "1.0.0")) == (1, 1)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 413, 422])
def test_a_refusal_with_nothing_there_is_failed(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=status))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED")
    assert outcome.response == {"status": status}
    assert (sent(double), double.effects("@acme/tool", "1.0.0")) == (1, 0)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_an_unclear_error_with_nothing_there_is_indeterminate_and_not_sent_again(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=status))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS")
    assert sent(double) == 1


@pytest.mark.parametrize("status", [403, 409, 412])
def test_a_refusal_that_may_mean_published_is_indeterminate_while_nothing_can_be_read(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=status))
        double.inject(Fault(method="GET", status=503, times=10))
        outcome = perform(World(npm_url=double.url).port())

    assert outcome.status is OutcomeStatus.INDETERMINATE


def test_a_clear_refusal_is_failed_even_while_nothing_can_be_read() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=401))
        double.inject(Fault(method="GET", status=401, times=10))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED")


def test_a_yes_that_cannot_be_read_back_is_indeterminate() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=201))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS")


def test_a_yes_that_shows_only_after_a_while_is_executed() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(method="GET", path="tool", status=404, times=2))
        outcome = perform(World(npm_url=double.url).port())

    assert outcome.status is OutcomeStatus.EXECUTED


def test_a_redirect_is_not_followed_and_failed() -> None:
    with NpmDouble(TOKEN) as canary, NpmDouble(TOKEN) as double:
        double.inject(Fault(status=307, headers={"location": f"{canary.url}/@acme%2ftool"}))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "EGRESS_DENIED")
    assert canary.connections == 0


@pytest.mark.parametrize("status", [429, 403])
def test_a_refusal_that_asks_to_come_back_is_sent_again_and_counted(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=status, headers={"retry-after": "1"}, times=2))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.retries) == (OutcomeStatus.EXECUTED, 2)
    assert double.effects("@acme/tool", "1.0.0") == 1


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no time to come back"),
        pytest.param({"retry-after": "600"}, id="after the deadline"),
        pytest.param({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, id="a date"),
        pytest.param({"retry-after": "-1"}, id="negative"),
    ],
)
def test_a_rate_limit_without_a_usable_time_is_not_sent_again(headers: dict[str, str]) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=429, headers=headers))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.retries, sent(double)) == (OutcomeStatus.FAILED, 0, 1)


def test_an_unclear_error_that_asks_to_come_back_is_not_sent_again() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=503, headers={"retry-after": "1"}))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.retries, sent(double)) == (OutcomeStatus.INDETERMINATE, 0, 1)


def test_a_registry_that_limits_for_ever_is_asked_four_times() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=429, headers={"retry-after": "0"}, times=100))
        outcome = perform(World(npm_url=double.url).port())

    assert (outcome.status, outcome.retries, sent(double)) == (OutcomeStatus.FAILED, 3, 4)


def test_a_registry_that_is_not_there_is_failed_and_nothing_was_sent() -> None:
    with NpmDouble(TOKEN) as double:
        gone = double.url
    outcome = perform(World(npm_url=gone).port())

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_UNREACHABLE")
    assert outcome.retries == 3


def test_a_look_up_tells_same_other_and_absent() -> None:
    with NpmDouble(TOKEN) as double:
        port = World(npm_url=double.url).port()
        before = look_up(port).presence
        perform(port)
        same = look_up(port).presence
        other = asyncio.run(port.look_up(publish_operation(OTHER_ARCHIVE))).presence
        next_version = asyncio.run(port.look_up(publish_operation(ARCHIVE, version="2.0.0"))).presence

    assert (before, same, other, next_version) == (Presence.ABSENT, Presence.SAME, Presence.OTHER, Presence.ABSENT)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 301])
def test_an_unclear_answer_about_the_package_is_no_finding(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(method="GET", status=status))
        found = look_up(World(npm_url=double.url).port())

    assert found.presence is Presence.UNKNOWN


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500])
def test_a_404_without_a_second_positive_reading_is_no_finding(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(method="GET", path="/-/whoami", status=status))
        found = look_up(World(npm_url=double.url).port())

    assert found.presence is Presence.UNKNOWN


def test_a_404_shown_to_a_credential_that_has_lost_its_right_is_no_finding() -> None:
    with NpmDouble(TOKEN) as double:
        perform(World(npm_url=double.url).port())
        double.inject(Fault(method="GET", path="tool", status=404))
        double.inject(Fault(method="GET", path="/-/whoami", status=401))
        found = look_up(World(npm_url=double.url).port())

    assert found.presence is Presence.UNKNOWN


def test_a_registry_that_does_not_know_whoami_is_asked_with_a_ping() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(method="GET", path="/-/whoami", status=404))
        found = look_up(World(npm_url=double.url).port())

    assert found.presence is Presence.ABSENT
    assert ("GET", "/-/ping") in double.requests


def test_with_a_credential_the_registrys_own_storage_is_asked() -> None:
    async def run(credentials: GivenCredentials) -> bytes:
        async with raw_server(whole(b"{}")) as server:
            await World(npm_url=server.url, credentials=credentials).port().look_up(OPERATION)
            return server.received[0].splitlines()[0]

    asked = [asyncio.run(run(GivenCredentials(secrets))) for secrets in ({"npm": TOKEN}, {})]

    assert asked == [b"GET /@acme%2ftool?write=true HTTP/1.1", b"GET /@acme%2ftool HTTP/1.1"]


def test_an_answer_out_of_a_cache_is_no_finding() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(method="GET", status=404, headers={"age": "12"}))
        found = look_up(World(npm_url=double.url).port())

    assert found.presence is Presence.UNKNOWN


def test_a_version_that_was_taken_away_is_no_finding() -> None:
    with NpmDouble(TOKEN) as double:
        perform(World(npm_url=double.url).port())
        double.packages.withdraw("@acme/tool", "1.0.0")
        found = look_up(World(npm_url=double.url).port())

    assert found.presence is Presence.UNKNOWN


def test_the_request_carries_what_npm_sends() -> None:
    archive = make_archive("tool", "2.0.0-rc.1", description="a tool", bin={"tool": "cli.js"})
    operation = publish_operation(archive, name="tool", version="2.0.0-rc.1", dist_tag="next", access="public")
    with NpmDouble(TOKEN) as double:
        outcome = perform(World(npm_url=double.url).port(), operation, archive)
        document: dict[str, Any] = double.packages.packument("tool", abbreviated=False)

    assert outcome.response["dist_tag"] == "next"
    assert document["dist-tags"]["next"] == "2.0.0-rc.1"
    assert document["versions"]["2.0.0-rc.1"]["bin"] == {"tool": "cli.js"}
    assert document["versions"]["2.0.0-rc.1"]["_id"] == "tool@2.0.0-rc.1"


def test_a_publication_of_two_archives_is_refused() -> None:
    two = replace(OPERATION, artifacts=(*OPERATION.artifacts, artifact_of("more", b"")))
    authorized = authorize(two, {"archive.tgz": ARCHIVE, "more": b""})
    with NpmDouble(TOKEN) as double, pytest.raises(DeniedError, match="ARTIFACT_MISMATCH"):
        asyncio.run(World(npm_url=double.url).port().perform(authorized))

    assert double.connections == 0


def test_an_unsafe_archive_is_refused_before_anything_is_opened() -> None:
    unsafe = ARCHIVE + b"more"
    with NpmDouble(TOKEN) as double, pytest.raises(InvalidInputError, match="ARTIFACT_UNSAFE"):
        perform(World(npm_url=double.url).port(), publish_operation(unsafe), unsafe)

    assert double.connections == 0


@pytest.mark.parametrize(("access", "sent_as"), [("", None), ("public", "public"), ("restricted", "restricted")])
def test_access_is_sent_as_the_plan_says(access: str, sent_as: str | None) -> None:
    publication = build_publication(
        publish_operation(ARCHIVE, access=access), ARCHIVE, parse_endpoint("https://registry.example.com/npm")
    )
    document = json.loads(publication.body)

    assert document["access"] == sent_as
    assert document["versions"]["1.0.0"]["dist"]["tarball"] == (
        "https://registry.example.com/npm/@acme%2ftool/-/tool-1.0.0.tgz"
    )


def test_what_installing_the_archive_runs_is_said_by_the_published_manifest() -> None:
    archive = make_archive("@acme/tool", "1.0.0", files={"binding.gyp": "{}"})
    publication = build_publication(publish_operation(archive), archive, parse_endpoint("http://127.0.0.1:1"))
    manifest = json.loads(publication.body)["versions"]["1.0.0"]

    assert (manifest["hasInstallScript"], manifest["scripts"]) == (True, {"install": "node-gyp rebuild"})
