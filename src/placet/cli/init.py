"""`placet init`: a new installation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import click

from placet.cli.command import WORD, Command
from placet.cli.installation import check_is_here, settings, show
from placet.cli.output import Document, fields, tell
from placet.errors import UnavailableError

_TRIAL = (
    "WARNING: this is a TRIAL installation.",
    "Whoever can run commands here can publish, and NOBODY has to approve it. It is for trying",
    "Placet out and for old clients. For work that matters: placet init --profile team",
    "",
)
_UNSEALED = (
    "WARNING: the keys in the home are NOT encrypted, because no passphrase was set.",
    "Set PLACET_PASSPHRASE_FILE before `placet init` to have them encrypted.",
    "",
)


@click.command("init", cls=Command, example="placet init --profile trial --home ./try-placet")
@click.option(
    "--profile",
    type=click.Choice(["trial", "team"]),
    default="team",
    show_default=True,
    help="trial: one local person, no approvals. team: nothing is allowed before the first policy.",
)
@click.option("--name", type=WORD, default="placet", show_default=True, help="What the log and the CA are called.")
@click.option(
    "--algorithm",
    type=click.Choice(["p256", "rsa2048"]),
    default="p256",
    show_default=True,
    help="The keys of root and intermediate CA.",
)
def init(profile: str, name: str, algorithm: str) -> None:
    """Make a new installation.

    Makes keys, certificate authority, ledger and anchor. Keys are encrypted with PLACET_PASSPHRASE
    or the content of PLACET_PASSPHRASE_FILE, which the team profile requires. A team's bootstrap key
    is printed once: it enrols the first approvers and activates the first policy, and dies with that.
    """
    check_is_here()
    from placet.facade import Placet  # noqa: PLC0415 - help needs none of it

    config = settings()
    made, key = asyncio.run(Placet.init(config, profile=profile, name=name, algorithm=algorithm))
    tell(*(_TRIAL if profile == "trial" else ()), *(() if made["keys_sealed"] else _UNSEALED))
    secret = key.reveal() if key else ""
    document = {**made, "anchors": str(config.anchors), "bootstrap_key": secret}
    try:
        show(document, _lines)
    except UnavailableError as error:
        raise UnavailableError(
            error.code,
            error.message,
            hint=f"the bootstrap key was not shown and is kept nowhere: remove {config.home} and begin again"
            if secret
            else f"the installation was made in {config.home}",
        ) from error


def _lines(made: Document) -> Iterator[str]:
    yield f"A new installation, profile {made['profile']}."
    yield ""
    yield from fields(
        [
            ("home", made["home"]),
            ("log", made["origin"]),
            ("keys", "encrypted with the passphrase" if made["keys_sealed"] else "not encrypted"),
            ("anchors", f"{made['anchors']} (keep them apart from the home)"),
            ("trust root", f"{made['home']}/trust-root.json (whoever has it can verify)"),
        ]
    )
    yield ""
    yield from _team(made) if made["bootstrap_key"] else _trial()


def _trial() -> Iterator[str]:
    yield "Next:"
    yield "  placet provider add npm --kind npm --credential env:NPM_TOKEN"
    yield "  placet publish PATH --dry-run"


def _team(made: Document) -> Iterator[str]:
    yield "The bootstrap key, shown once and kept nowhere:"
    yield ""
    yield f"  {made['bootstrap_key']}"
    yield ""
    yield "Next, with it in PLACET_BOOTSTRAP_KEY:"
    yield "  placet principal add person:NAME --key FILE.pub      once for every approver"
    yield "  placet principal add person:NAME                     for who only asks"
    yield "  placet policy example > policy.toml                  put your names in"
    yield "  placet policy activate policy.toml                   the key dies with this"
