"""`placet provider`: where packages are published."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, settings, show
from placet.cli.output import Document, fields, table, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "provider",
    cls=Group,
    children={
        "add": Child(__name__, "add", "Add a provider, or replace its record."),
        "list": Child(__name__, "list_", "List the providers."),
    },
)
def provider() -> None:
    """Providers: where packages are published.

    A provider is an npm registry, a GitHub, a folder, or a bucket of an object store. Its record names
    the credential; the credential itself is never given, stored or shown.
    """


class _Record(TypedDict):
    kind: str
    url: str
    credential: str
    private: bool
    region: str
    requester: str


@click.command(
    "add",
    cls=Command,
    example="placet provider add npm --kind npm --url http://127.0.0.1:4873 --credential env:NPM_TOKEN",
)
@click.argument("provider_id", metavar="ID", type=WORD)
@click.option("--kind", type=click.Choice(["npm", "github", "folder", "s3"]), required=True, help="What it is.")
@click.option(
    "--url",
    type=WORD,
    default="",
    help="Its address, a folder's path, or https://HOST/BUCKET[/PREFIX] [default for npm: the registry of your "
    "own npm configuration; for github: https://api.github.com; an Enterprise Server is https://HOST/api/v3].",
)
@click.option(
    "--credential",
    type=WORD,
    default="",
    metavar="env:NAME|file:PATH",
    help="The name of the variable or file that holds the credential; for s3 that is ACCESS_KEY_ID:SECRET.",
)
@click.option("--private", is_flag=True, help="Its address may be a private one.")
@click.option(
    "--region",
    type=WORD,
    default="",
    metavar="NAME",
    help="For s3: the region [default: the one in an AWS address, auto for R2, us-east-1 else].",
)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def add(provider_id: str, **record: Unpack[_Record]) -> None:
    """Add a provider, or replace its record.

    Where effects go is a governed act: a team's policy may demand approvals for it. An object store
    is used only after `placet storage check ID`.
    """
    url = _address(record["kind"], record["url"])

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.add_provider(
            provider_id,
            kind=record["kind"],
            url=url,
            credential=record["credential"],
            private=record["private"],
            region=record["region"],
            requester=record["requester"],
        )

    show({**inside(verb), "kind": record["kind"], "url": url, "credential": record["credential"]}, _added)


@click.command("list", cls=Command, example="placet provider list")
def list_() -> None:
    """List the providers."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.governance.providers()

    show(inside(verb), _providers)


def _address(kind: str, url: str) -> str:
    if kind == "folder":
        return url if url.startswith("file:") else f"file:{Path(url).absolute()}" if url else ""
    if url:
        return url
    if kind == "github":
        return "https://api.github.com"
    from placet.facade import registry_of_user  # noqa: PLC0415 - help needs none of it

    found = asyncio.run(registry_of_user(settings()))
    if "@" not in found:  # else it may hold a password, and is refused
        tell(f"registry   {found} (from your own npm configuration)")
    return found


def _added(done: Document) -> Iterator[str]:
    yield f"Provider {done['provider_id']} is configured."
    yield ""
    yield from fields(
        [
            ("kind", done["kind"]),
            ("address", done["url"]),
            ("credential", done["credential"] or "none"),
            ("receipt", done["receipt_id"]),
        ]
    )


def _providers(found: Document) -> Iterator[str]:
    rows = [(each["provider_id"], each["kind"], each["url"], each["credential"]) for each in found["providers"]]
    if rows:
        yield from table([("PROVIDER", "KIND", "ADDRESS", "CREDENTIAL"), *rows], indent=0)
    else:
        tell("no provider is configured yet")
