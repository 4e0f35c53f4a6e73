"""The double of the demo and the tests gives the answers that a real registry gives."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import Struct

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.npm.document import build_publication
from placet.demo.npm_double import NpmDouble
from support.effects import TOKEN, make_archive, publish_operation
from support.npm_client import NpmClient
from support.verdaccio import running_verdaccio

pytestmark = pytest.mark.node

ABBREVIATED = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"


class Registry(Struct, frozen=True):
    """A registry under comparison, and how requests are made to it."""

    url: str
    token: str

    def ask(self, method: str, path: str, *, token: str = "", accept: str = "*/*", body: bytes = b"") -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        headers = {"accept": accept} | ({"authorization": f"Bearer {token}"} if token else {})
        headers |= {"content-type": "application/json"} if body else {}
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return Reply(response.status, response.headers.get_content_type(), content)

    def publish(self, name: str, version: str, *, tag: str = "latest", token: str = "", text: str = "") -> Reply:
        archive = make_archive(name, version, description=text)
        operation = publish_operation(archive, name=name, version=version, dist_tag=tag)
        publication = build_publication(operation, archive, parse_endpoint(self.url))
        path = "/" + name.replace("/", "%2f")
        return self.ask("PUT", path, token=token or self.token, body=publication.body)


class Reply(Struct, frozen=True):
    """What both must agree on."""

    status: int
    content_type: str
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class Pair(Struct, frozen=True):
    """The double and the real registry."""

    double: Registry
    real: Registry

    def __iter__(self) -> Iterator[Registry]:
        return iter((self.double, self.real))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with running_verdaccio(tmp_path_factory.mktemp("verdaccio")) as real, NpmDouble(TOKEN, username="alice") as double:
        yield Pair(Registry(double.url, TOKEN), Registry(real.url, real.token))


def test_ping_is_answered_with_an_empty_object(pair: Pair) -> None:
    double, real = (each.ask("GET", "/-/ping") for each in pair)

    assert (double.status, double.document) == (real.status, real.document) == (200, {})


def test_whoami_names_the_owner_of_a_good_token_only(pair: Pair) -> None:
    known = [each.ask("GET", "/-/whoami", token=each.token) for each in pair]
    others = [each.ask("GET", "/-/whoami", token=token) for each in pair for token in ("", "bad-token")]

    assert [(reply.status, reply.document) for reply in known] == [(200, {"username": "alice"})] * 2
    assert [(reply.status, reply.document) for reply in others] == [(200, {})] * 4


@pytest.mark.parametrize("path", ["/@acme%2fnothing", "/@acme%2Fnothing", "/nothing", "/@acme/nothing"])
def test_an_unknown_package_is_a_404_with_an_error(pair: Pair, path: str) -> None:
    replies = [each.ask("GET", path, token=each.token) for each in pair]

    assert [reply.status for reply in replies] == [404, 404]
    assert [set(reply.document) for reply in replies] == [{"error"}] * 2


def test_a_publication_needs_a_good_token(pair: Pair) -> None:
    double, real = (each.publish("@acme/unauthorised", "1.0.0", token="bad-token") for each in pair)
    after = [each.ask("GET", "/@acme%2funauthorised", token=each.token).status for each in pair]

    assert (double.status, set(double.document)) == (real.status, set(real.document)) == (401, {"error"})
    assert after == [404, 404]


def test_a_new_version_is_created_and_an_old_one_is_a_409(pair: Pair) -> None:
    created = [each.publish("@acme/once", "1.0.0") for each in pair]
    repeated = [each.publish("@acme/once", "1.0.0") for each in pair]
    replaced = [each.publish("@acme/once", "1.0.0", text="other") for each in pair]

    assert [reply.status for reply in created] == [201, 201]
    assert [reply.document["success"] for reply in created] == [True, True]
    assert [reply.status for reply in repeated + replaced] == [409] * 4
    assert repeated[0].document == repeated[1].document


@pytest.mark.parametrize("query", ["", "?write=true"])
def test_a_document_shows_versions_digests_times_and_tags(pair: Pair, query: str) -> None:
    name = f"@acme/shown{len(query)}"
    for each in pair:
        each.publish(name, "1.0.0")
        each.publish(name, "2.0.0-rc.1", tag="next")
    double, real = (each.ask("GET", f"/{name.replace('/', '%2f')}{query}", token=each.token) for each in pair)

    assert (double.status, double.content_type) == (real.status, real.content_type) == (200, "application/json")
    assert _relied_on(double.document) == _relied_on(real.document)
    assert double.document["dist-tags"] == {"latest": "1.0.0", "next": "2.0.0-rc.1"}


def test_the_abbreviated_document_has_its_own_type_and_the_same_digests(pair: Pair) -> None:
    for each in pair:
        each.publish("@acme/short", "1.0.0")
    double, real = (each.ask("GET", "/@acme%2fshort", accept=ABBREVIATED) for each in pair)

    assert double.content_type == real.content_type == "application/vnd.npm.install-v1+json"
    assert _dists(double.document) == _dists(real.document)
    assert set(double.document) <= set(real.document)


@pytest.mark.parametrize("scope", ["@acme/", "@acme%2f"])
def test_tarballs_are_served_as_published(pair: Pair, scope: str) -> None:
    for each in pair:
        each.publish("@acme/bytes", "1.0.0")
    found = [each.ask("GET", f"/{scope}bytes/-/bytes-1.0.0.tgz") for each in pair]
    missing = [each.ask("GET", f"/{scope}bytes/-/bytes-9.9.9.tgz").status for each in pair]

    assert [hashlib.sha256(reply.body).digest() for reply in found] == [
        hashlib.sha256(make_archive("@acme/bytes", "1.0.0", description="")).digest()
    ] * 2
    assert [reply.content_type for reply in found] == ["application/octet-stream"] * 2
    assert missing == [404, 404]


@pytest.mark.parametrize("body", [b"{}", b"{"])
def test_what_is_no_publication_is_a_client_error(pair: Pair, body: bytes) -> None:
    double, real = (each.ask("PUT", "/@acme%2fbroken", token=each.token, body=body).status for each in pair)

    assert (double // 100, real // 100) == (4, 4)


def _relied_on(document: dict[str, Any]) -> tuple[str, dict[str, str], set[str], list[dict[str, str]]]:
    return document["name"], document["dist-tags"], set(document["time"]), _dists(document)


def _dists(document: dict[str, Any]) -> list[dict[str, str]]:
    found = [manifest["dist"] for manifest in document["versions"].values()]
    return [
        {"integrity": dist["integrity"], "shasum": dist["shasum"], "path": urlsplit(dist["tarball"]).path}
        for dist in found
    ]


def test_the_real_npm_publishes_to_both_and_installs_from_both(pair: Pair, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "package.json").write_text('{"name": "@acme/from-npm", "version": "1.0.0"}')
    installed = []
    for each, name in zip(pair, ("double", "real"), strict=True):
        npm = NpmClient(home=tmp_path / name, registry=each.url, token=each.token)
        npm.run("publish", "--access", "public", cwd=package)
        npm.run("install", "@acme/from-npm", "--prefix", str(tmp_path / name / "project"))
        lock = json.loads((tmp_path / name / "project/package-lock.json").read_text())
        installed.append(lock["packages"]["node_modules/@acme/from-npm"]["integrity"])

    assert installed[0] == installed[1]
