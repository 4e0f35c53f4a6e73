from __future__ import annotations

import asyncio

import pytest

from placet.adapters.egress.exchange import Egress
from placet.adapters.npm.facts import NpmFacts
from placet.demo.npm_double import Fault, NpmDouble
from placet.errors import EffectError
from placet.ports.effects import Provider
from support.effects import TOKEN, GivenCredentials, World, authorize, make_archive, publish_operation
from support.raw_server import exactly, raw_server

ARCHIVE = make_archive("@acme/tool", "1.0.0")
OPERATION = publish_operation(ARCHIVE)
DIGEST = "sha512-" + "A" * 86 + "=="


def read(url: str, fact: str, *, token: str | None = TOKEN) -> str:
    credentials = GivenCredentials({"npm": token} if token else {})
    provider = Provider(provider_id="npm", kind="npm", url=url, credential="env:T")
    return asyncio.run(NpmFacts(Egress(), credentials).read(provider, OPERATION.subject, fact))


def read_from(document: str, fact: str) -> str:
    """Read a fact from a registry that answers with this document."""

    async def run() -> str:
        answer = f"HTTP/1.1 200 OK\r\ncontent-length: {len(document)}\r\n\r\n{document}".encode()
        async with raw_server(exactly(answer)) as server:
            provider = Provider(provider_id="npm", kind="npm", url=server.url, credential="")
            return await NpmFacts(Egress(), GivenCredentials({})).read(provider, OPERATION.subject, fact)

    return asyncio.run(run())


@pytest.mark.parametrize("token", [TOKEN, None])
def test_a_version_is_absent_and_then_its_integrity(token: str | None) -> None:
    with NpmDouble(TOKEN) as double:
        absent = read(double.url, "version", token=token)
        outcome = asyncio.run(World(npm_url=double.url).port().perform(authorize(OPERATION, {"archive.tgz": ARCHIVE})))
        present = read(double.url, "version", token=token)

    assert (absent, present) == ("absent", outcome.response["integrity"])


def test_a_dist_tag_is_absent_or_a_version() -> None:
    with NpmDouble(TOKEN) as double:
        before = read(double.url, "dist_tag:latest")
        asyncio.run(World(npm_url=double.url).port().perform(authorize(OPERATION, {"archive.tgz": ARCHIVE})))
        after = [read(double.url, f"dist_tag:{tag}") for tag in ("latest", "next")]

    assert (before, after) == ("absent", ["1.0.0", "absent"])


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_what_the_registry_does_not_answer_clearly_is_unobserved(status: int) -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(method="GET", status=status, times=9))
        assert read(double.url, "version") == "unobserved"


def test_a_registry_that_is_not_there_is_unobserved() -> None:
    with NpmDouble(TOKEN) as double:
        gone = double.url

    assert read(gone, "version") == "unobserved"


def test_a_registry_that_must_not_be_asked_is_denied() -> None:
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        read("http://registry.example.com", "version")


@pytest.mark.parametrize("fact", ["versions", "object:x", ""])
def test_an_unknown_fact_is_unobserved(fact: str) -> None:
    assert read_from('{"name":"@acme/tool","dist-tags":{},"versions":{}}', fact) == "unobserved"


@pytest.mark.parametrize(
    ("document", "fact", "value"),
    [
        ('{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":{"dist":{"integrity":"%s"}}}}', "version", DIGEST),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":{"a":{"b":1,"b":2},"dist":{"integrity":"%s"}}}}',
         "version", DIGEST),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":{"dist":{"integrity":"x","integrity":"%s"}}}}',
         "version", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":{},"1.0.0":{"dist":{"integrity":"%s"}}}}',
         "version", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":{"dist":{"integrity":"%s sha1-x"}}}}',
         "version", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":{"dist":{"shasum":"x"}}}}', "version", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{"1.0.0":null}}', "version", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{},"time":{"1.0.0":"2026"}}', "version", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{},"versions":{},"time":{}}', "version", "absent"),
        ('{"name":"@acme/tool","dist-tags":{"a":7},"versions":{}}', "dist_tag:a", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{"a":"1 0"},"versions":{}}', "dist_tag:a", "unobserved"),
        ('{"name":"@acme/tool","dist-tags":{"a":"1.0.0","a":"2.0.0"},"versions":{}}', "dist_tag:a", "unobserved"),
        ('{"name":"@acme/tool","name":"@acme/tool","dist-tags":{},"versions":{}}', "version", "unobserved"),
        ('{"name":"@acme/tool","versions":{}}', "version", "unobserved"),
        ("[]", "version", "unobserved"),
    ],
)  # fmt: skip
def test_a_document_is_believed_only_where_it_is_unambiguous(document: str, fact: str, value: str) -> None:
    assert read_from(document.replace("%s", DIGEST), fact) == value
