"""A49: all that servers and commands of this suite tell is searched for secrets; what is told here is noticed."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet import config
from placet.facade import Placet
from support.canaries import HOMES, IN_ANSWERS, ON_STANDARD_OUTPUT, Canaries, Exemption, LeakError
from support.raw_client import head, send
from support.service import Service, serving
from support.shell import Shell

TOKEN = 'npm_c4n4ry/"planted"+'
A_KEY = f"placet_key_{'k' * 50}"
A_BOOTSTRAP_KEY = f"placet_boot_{'b' * 48}"
A_PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----"
A_SESSION = f"placet_session_{'s' * 50}"


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = Shell(tmp_path_factory.mktemp("trial"), {"NPM_TOKEN": TOKEN})
    asyncio.run(Placet.init(config.load(shell.environment()), profile="trial"))
    return shell


@pytest.fixture
def service(trial: Shell) -> Iterator[Service]:
    with serving(trial) as service:
        yield service


@pytest.mark.parametrize(
    "text",
    [
        'printf %s "$NPM_TOKEN"',
        'printf %s "$NPM_TOKEN" >&2',
        'printf %s "$NPM_TOKEN" | base64',
        "printf %s '" + json.dumps({"token": TOKEN}) + "'",
        'cat "$PLACET_HOME"/keys/receipt_*',
        'cat "$PLACET_HOME"/keys/checkpoint*',
        'cat "$PLACET_HOME"/keys/ca_intermediate*',
        f"echo {A_KEY}",
        f"echo {A_BOOTSTRAP_KEY}",
        f"echo {A_SESSION}",
        "echo -----BEGIN OPENSSH PRIVATE KEY-----",
        "echo placet_rcpt_eyJ2IjoxfQ.c4n4ryc4n4ry",
    ],
)
def test_a_command_that_tells_a_secret_is_noticed(trial: Shell, text: str) -> None:
    with pytest.raises(LeakError):
        trial.script(text)


def test_a_command_that_tells_none_goes_on(trial: Shell) -> None:
    assert trial.script("placet provider list --json").code == 0


def test_the_parts_of_an_open_key_are_known_whatever_they_are_written_as(trial: Shell) -> None:
    (receipt,) = (trial.place / "home" / "keys").glob("receipt_*")
    secret = base64.b64decode(json.loads(receipt.read_bytes())["content"])

    for spelled in (secret.hex(), base64.urlsafe_b64encode(secret).decode()):
        with pytest.raises(LeakError):
            Canaries.of(trial.environment()).check("a log", f"key={spelled} …".encode())


def test_a_passphrase_that_a_file_holds_is_known(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("correct horse c4n4ry\n")

    with pytest.raises(LeakError):
        Canaries.of({"PLACET_PASSPHRASE_FILE": str(tmp_path / "passphrase")}).check("x", b"it is correct horse c4n4ry")


def test_an_entry_that_holds_a_secret_is_noticed(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"NPM_TOKEN": "npm_c4n4ryplanted"})
    asyncio.run(found(shell))
    HOMES.check()
    asyncio.run(found(shell, "npm_c4n4ryplanted is out"))

    with pytest.raises(LeakError, match="the ledger of"):
        HOMES.check()


async def found(shell: Shell, reason: str = "") -> None:
    """Make an installation, or freeze something in it for that reason."""
    settings = config.load(shell.environment())
    if not reason:
        await Placet.init(settings, profile="trial")
        return
    async with Placet.open(settings) as placet:
        await placet.freezes.set(("npm:@acme/tool",), reason=reason)


def test_a_log_that_holds_a_secret_is_noticed(trial: Shell) -> None:
    with pytest.raises(LeakError, match="the log of a service"), serving(trial) as here, here.written.open("a") as log:
        log.write(f"npm said: {TOKEN}\n")


def test_an_answer_that_holds_a_secret_is_noticed(service: Service) -> None:
    key = service.key("*=*")
    echoing = f"/api/v1/runs/{A_BOOTSTRAP_KEY}"
    with pytest.raises(LeakError, match="GET /api/v1/runs"):
        service.ask("GET", echoing, key=key)
    with pytest.raises(LeakError, match="GET /api/v1/runs"):
        send(service, head("GET", echoing, X_API_Key=key, Connection="close"))


@pytest.mark.parametrize(
    ("exempt", "where", "told"),
    [
        (ON_STANDARD_OUTPUT, "/bin/placet init --json", A_BOOTSTRAP_KEY),
        (ON_STANDARD_OUTPUT, "/bin/placet key create --name ci --json", A_KEY),
        (ON_STANDARD_OUTPUT, "/bin/placet key rotate key_012345678901", A_KEY),
        (ON_STANDARD_OUTPUT, "/bin/placet certificate issue @acme/tool@1.0.0 --json", A_PRIVATE_KEY),
        (IN_ANSWERS, "POST /api/v1/keys", A_KEY),
        (IN_ANSWERS, "POST /api/v1/keys/key_012345678901/rotate", A_KEY),
        (IN_ANSWERS, "POST /v1/certificates/issue", A_PRIVATE_KEY),
        (IN_ANSWERS, "GET /auth/callback?code=c0de", A_SESSION),
    ],
)
def test_what_is_shown_once_is_shown_there_alone(exempt: tuple[Exemption, ...], where: str, told: str) -> None:
    canaries = Canaries.among([TOKEN.encode()])
    canaries.check(where, told.encode(), exempt)

    for elsewhere in (
        "GET /api/v1/keys",
        "/bin/placet run list",
        "/bin/placet certificate issue x --csr own.csr --json",
    ):
        with pytest.raises(LeakError):
            canaries.check(elsewhere, told.encode(), exempt)
    for other in {A_KEY, A_BOOTSTRAP_KEY, A_SESSION, TOKEN} - {told}:
        with pytest.raises(LeakError):
            canaries.check(where, other.encode(), exempt)
