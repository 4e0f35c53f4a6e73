"""`placet issuer`: where people may sign in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from placet.cli.command import WORD, Child, Command, Group
from placet.cli.installation import inside, show
from placet.cli.output import Document, fields, table, tell

if TYPE_CHECKING:
    from placet.facade import AnyPlacet


@click.group(
    "issuer",
    cls=Group,
    children={
        "add": Child(__name__, "add", "Ask that an issuer is trusted, or on other terms."),
        "list": Child(__name__, "list_", "List the issuers that are trusted, or were."),
        "remove": Child(__name__, "remove", "Ask that an issuer is trusted no more."),
    },
)
def issuer() -> None:
    """Issuers: where people sign in, by OpenID Connect.

    Who a subject of an issuer is here, `placet principal add --identity` says.
    """


class _Record(TypedDict):
    client_id: str
    client_secret: str
    algorithms: tuple[str, ...]
    private: bool
    requester: str


@click.command("add", cls=Command, example="placet issuer add https://id.example.com --client-id placet")
@click.argument("url", metavar="URL", type=WORD)
@click.option("--client-id", type=WORD, required=True, help="Who Placet is to the issuer.")
@click.option(
    "--credential",
    "client_secret",
    type=WORD,
    default="",
    metavar="env:NAME|file:PATH",
    help="The name of the variable or file that holds Placet's secret; leave it out where there is none.",
)
@click.option(
    "--algorithm",
    "algorithms",
    type=click.Choice(["RS256", "PS256", "ES256", "ES384"]),
    multiple=True,
    help="Which signatures are believed [default: RS256].",
)
@click.option("--private", is_flag=True, help="Its host lies in a private network.")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def add(url: str, **record: Unpack[_Record]) -> None:
    """Ask that an issuer is trusted, or on other terms.

    URL is exactly as the issuer's tokens spell it. Its people come back to /auth/callback below
    PLACET_PUBLIC_BASE_URL: register that address there.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.trust.add_issuer(url, **record)

    show(inside(verb), _changed)


@click.command("list", cls=Command, example="placet issuer list")
def list_() -> None:
    """List the issuers that are trusted, or were."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.trust.issuers()

    show(inside(verb), _issuers)


@click.command("remove", cls=Command, example="placet issuer remove https://old.example.com")
@click.argument("url", metavar="URL", type=WORD)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def remove(url: str, requester: str) -> None:
    """Ask that an issuer is trusted no more.

    All sessions of its people end, and what they approved in them counts no longer.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.trust.remove_issuer(url, requester=requester)

    show(inside(verb), _changed)


def _changed(done: Document) -> Iterator[str]:
    yield f"The issuer {done['issuer']} is {done['state']}."
    yield ""
    yield from fields([("receipt", done["receipt_id"])])


def _issuers(found: Document) -> Iterator[str]:
    rows = [
        (
            each["issuer"],
            each["state"],
            each["since"],
            each["client_id"],
            each["client_secret"] or "none",
            " ".join(each["algorithms"]),
        )
        for each in found["issuers"]
    ]
    if rows:
        yield from table([("ISSUER", "STATE", "SINCE", "CLIENT", "SECRET", "ALGORITHMS"), *rows], indent=0)
    else:
        tell("no issuer is trusted yet: nobody signs in")
