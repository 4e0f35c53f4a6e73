"""A109 (egress): a plan or a package tries to say where the executor sends its credential."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from placet.demo.npm_double import NpmDouble
from placet.domain.authorization.operation import Operation
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import PlacetError
from support.effects import TOKEN, GivenCredentials, World, authorize, make_archive, publish_operation

ARCHIVE = make_archive("@acme/tool", "1.0.0")


def denied(world: World, operation: Operation, archive: bytes = ARCHIVE) -> str:
    with pytest.raises(PlacetError) as caught:
        asyncio.run(world.port().perform(authorize(operation, {"archive.tgz": archive})))
    return caught.value.code


@pytest.mark.parametrize("param", ["registry", "url", "host", "tarball", "proxy", "npm_registry"])
def test_a109_a_plan_that_names_another_host_opens_nothing(param: str) -> None:
    with NpmDouble(TOKEN) as canary, NpmDouble(TOKEN) as double:
        operation = replace(publish_operation(ARCHIVE), params={"dist_tag": "latest", param: canary.url})
        code = denied(World(npm_url=double.url), operation)

    assert (code, canary.connections, double.connections) == ("EGRESS_DENIED", 0, 0)


@pytest.mark.parametrize(
    "name",
    ["http://127.0.0.1:1/x", "//127.0.0.1/x", "@127.0.0.1:1/../x", "..", "../x", "@acme/..", "@acme/a/b", "acme/x",
     "@/x", "@acme/", "/x", "@acme%2fx", "@acme/x?y", "@acme/x#y", "x\\y", "@acme/x%00"],
)  # fmt: skip
def test_a109_a_package_name_that_is_an_address_or_a_path_opens_nothing(name: str) -> None:
    archive = make_archive(name, "1.0.0")
    with NpmDouble(TOKEN) as double:
        world, operation = World(npm_url=double.url), publish_operation(archive, name=name)
        code = denied(world, operation, archive)
        with pytest.raises(PlacetError, match="NAME_INVALID"):
            asyncio.run(world.port().look_up(operation))

    assert (code, double.connections) == ("NAME_INVALID", 0)


@pytest.mark.parametrize("registry", ["CANARY", "http://registry.example.com/", "https://registry.example.com/", "", 7])
def test_a109_publish_config_that_names_another_registry_opens_nothing(registry: object) -> None:
    with NpmDouble(TOKEN) as canary, NpmDouble(TOKEN) as double:
        named = canary.url if registry == "CANARY" else registry
        archive = make_archive("@acme/tool", "1.0.0", publishConfig={"registry": named})
        code = denied(World(npm_url=double.url), publish_operation(archive), archive)

    assert (code, canary.connections, double.connections) == ("EGRESS_DENIED", 0, 0)


def test_a109_publish_config_that_names_the_provider_itself_is_published() -> None:
    with NpmDouble(TOKEN) as double:
        config = {"registry": f"{double.url}/", "access": "public"}
        archive = make_archive("@acme/tool", "1.0.0", publishConfig=config)
        authorized = authorize(publish_operation(archive), {"archive.tgz": archive})
        outcome = asyncio.run(World(npm_url=double.url).port().perform(authorized))

    assert outcome.status is OutcomeStatus.EXECUTED


def test_a109_a_plan_for_an_unknown_provider_opens_nothing() -> None:
    with NpmDouble(TOKEN) as double:
        code = denied(World(npm_url=double.url), publish_operation(ARCHIVE, provider="elsewhere"))

    assert (code, double.connections) == ("PROVIDER_UNKNOWN", 0)


def test_a109_a_record_with_plain_http_beyond_this_machine_sends_no_credential() -> None:
    assert denied(World(npm_url="http://registry.example.com"), publish_operation(ARCHIVE)) == "EGRESS_DENIED"


def test_a109_an_archive_of_another_package_opens_nothing() -> None:
    archive = make_archive("@acme/other", "1.0.0")
    with NpmDouble(TOKEN) as double:
        code = denied(World(npm_url=double.url), publish_operation(archive), archive)

    assert (code, double.connections) == ("MANIFEST_MISMATCH", 0)


def test_a109_addresses_inside_the_package_are_neither_opened_nor_passed_on_as_places() -> None:
    with NpmDouble(TOKEN) as canary, NpmDouble(TOKEN) as double:
        archive = make_archive(
            "@acme/tool",
            "1.0.0",
            dist={"tarball": f"{canary.url}/x.tgz"},
            homepage=canary.url,
            repository={"url": canary.url},
            scripts={"prepack": f"curl {canary.url}"},
        )
        authorized = authorize(publish_operation(archive), {"archive.tgz": archive})
        asyncio.run(World(npm_url=double.url).port().perform(authorized))
        shown = double.packages.packument("@acme/tool", abbreviated=False)["versions"]["1.0.0"]["dist"]["tarball"]

    assert (canary.connections, shown) == (0, f"{double.url}/@acme/tool/-/tool-1.0.0.tgz")


def test_a109_a_provider_without_its_credential_opens_nothing() -> None:
    class Missing(GivenCredentials):
        def of(self, provider: object) -> None:
            raise PlacetError("CREDENTIAL_MISSING", f"no credential for {type(provider).__name__}")

    with NpmDouble(TOKEN) as double:
        code = denied(World(npm_url=double.url, credentials=Missing()), publish_operation(ARCHIVE))

    assert (code, double.connections) == ("CREDENTIAL_MISSING", 0)
