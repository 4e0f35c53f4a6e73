"""A66: a version stands once: of many registrations at the same time one wins, and nothing replaces it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from placet import config
from placet.errors import DeniedError
from placet.facade import Placet
from support.old_client import OldClient, client_with
from support.registering import asked, kept, published, reported, world
from support.service import serving
from support.shell import Shell

CLIENTS = 12


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldClient]:
    shell = Shell(tmp_path_factory.mktemp("a66"))
    asyncio.run(Placet.init(config.load(shell.environment()), profile="trial"))
    with serving(shell) as service:
        yield client_with(service, service.key("*=*"))


def test_a66_of_registrations_at_the_same_time_one_wins(client: OldClient) -> None:
    certificate, event = client.issue("@acme/raced", "1.0.0"), client.report("@acme/raced", "1.0.0")

    def register(number: int) -> tuple[int, str, int]:
        done = client.register(
            "@acme/raced", "1.0.0", cert_id=certificate, chronicle_event_id=event, metadata={"number": number}
        )
        return done.status, done.document.get("error_code", ""), number

    with ThreadPoolExecutor(CLIENTS) as at_once:
        told = list(at_once.map(register, range(CLIENTS)))

    counted = Counter((status, code) for status, code, _ in told)
    assert counted == {(201, ""): 1, (409, "VERSION_EXISTS"): CLIENTS - 1}
    (winner,) = [number for status, _, number in told if status == 201]
    assert client.show("@acme/raced", "1.0.0").document["metadata"] == {"number": winner}
    assert client.service.ask("GET", "/registry/packages/@acme/raced").document["total"] == 1


def test_a66_every_loser_is_on_record(client: OldClient) -> None:
    client.register("@acme/recorded", "1.0.0")

    refused = client.register("@acme/recorded", "1.0.0")

    assert refused.code == "VERSION_EXISTS"
    entries = client.service.shell.done("ledger", "show", "--count", "20", "--json").json()["entries"]
    denied = [each for each in entries if each["type"] == "authorization.denied"]
    assert denied[-1]["data"]["code"] == "VERSION_EXISTS"


def test_a66_a_report_between_decision_and_commit_of_another_is_seen() -> None:
    here = world()
    first, second = reported(here), reported(here)
    here.meanwhile(lambda: asked(here, second))

    with pytest.raises(DeniedError, match="VERSION_EXISTS"):
        asked(here, first)

    assert len(here.entries("package.registration.reported")) == 1


def test_a66_a_publication_is_not_replaced_by_one_with_other_bytes() -> None:
    here = world()
    certificate_id = here.certificate()
    published(here, certificate_id)
    first = kept(here)

    with pytest.raises(DeniedError, match="VERSION_EXISTS"):
        published(here, certificate_id, registry="mirror", content=b"other bytes")

    assert kept(here) == first
