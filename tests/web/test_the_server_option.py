"""`--server`: the same commands print the same, whether an installation or a service answers them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from placet.facade import PublishRequest
from support.remote import Person, archive, make_key
from support.service import Service
from support.shell import Shell

MANY = """
import contextlib, io, json, sys
from placet.cli.program import run
for words in json.load(sys.stdin):
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words)
    print(json.dumps([code, *(stream.buffer.getvalue().decode() for stream in (out, err))]), flush=True)
"""
READING = """
run list
run show RUN
run audit RUN
plan show RUN
search tool
policy show
policy show --document
freeze list
principal list
provider list
key list
certificate list @acme/tool
certificate show CERTIFICATE
certificate verify CERTIFICATE
certificate crl
certificate revocations
receipt show RECEIPT
ledger show --count 3
ledger show --checkpoint
ledger prove 3
ledger prove --grown-from kept.note
ledger verify
ledger verify --chain-only --checkpoint kept.note
reconcile
"""
REFUSING = """
run show run_01ARZ3NDEKTSV4RRFFQ69G5FAV
receipt show fc-receipt-20260101-000000-000000000000
certificate show CERT-PKG-20260101-999
search \x7f
storage check npm
storage check nowhere
verify @acme/nothing@1.0.0 --trust-root trust-root.json
"""
OF_THIS_MACHINE = """
init --profile trial
doctor
serve
demo
ledger anchor --adopt x
package inspect my-package
"""


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def many(shell: Shell, commands: Sequence[Sequence[str]]) -> list[tuple[int, str, str]]:
    """Run many command lines in one process of that shell."""
    done = subprocess.run(
        [sys.executable, "-c", MANY],
        input=json.dumps(commands).encode(),
        cwd=shell.place,
        env=shell.environment(),
        capture_output=True,
        timeout=120,
        check=True,
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def published(service: Service, everything: str) -> Mapping[str, str]:
    """Publish a package, and return the ids of what came of it."""
    request = PublishRequest(tgz=archive("1.0.0"))
    done: Any = Person(service, "local", everything).do(lambda placet: placet.publishing.publish(request))
    return {"RUN": done["run_id"], "RECEIPT": done["receipts"][0], "CERTIFICATE": done["certificate_id"]}


@pytest.fixture(scope="module")
def both(service: Service, everything: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Shell]:
    """Return a shell on the machine itself, and one elsewhere, with the same files beside them."""
    elsewhere = service.client(tmp_path_factory.mktemp("elsewhere") / "client", everything)
    trust_root = (service.shell.place / "home" / "trust-root.json").read_bytes()
    note = service.ask("GET", "/api/v1/ledger/checkpoint", key=everything).document["checkpoint"]
    for shell in (service.shell, elsewhere):
        (shell.place / "trust-root.json").write_bytes(trust_root)
        (shell.place / "kept.note").write_text(note)
        shell.package()
    return service.shell, elsewhere


def test_every_reading_command_prints_the_same_from_a_service(
    published: Mapping[str, str], both: tuple[Shell, Shell]
) -> None:
    asked = [[published.get(word, word) for word in line.split()] for line in lines(READING)]
    commands = [*asked, *([*words, "--json"] for words in asked)]

    here, there = (many(shell, commands) for shell in both)

    assert [each for each in here if each[0] != 0] == []
    differing = [words for words, one, other in zip(commands, here, there, strict=True) if one != other]
    assert differing == []


def test_a_version_is_verified_with_evidence_from_a_service_and_a_trust_root_from_here(
    published: Mapping[str, str], both: tuple[Shell, Shell]
) -> None:
    command = ["verify", "@acme/tool@1.0.0", "--trust-root", "trust-root.json", "--json"]

    verdicts = []
    for shell in both:
        ((code, out, err),) = many(shell, [command])
        assert code == 0, err
        verdicts.append({**json.loads(out), "revocations_age_seconds": 0})

    assert verdicts[0] == verdicts[1]
    assert verdicts[0]["run_id"] == published["RUN"]


def test_what_is_refused_is_refused_alike(both: tuple[Shell, Shell]) -> None:
    commands = [line.split(" ") for line in lines(REFUSING)]

    here, there = (many(shell, commands) for shell in both)

    assert [code for code, _, _ in here] != [0] * len(commands)
    assert there == here


def test_what_is_for_the_machine_itself_asks_no_service(both: tuple[Shell, Shell]) -> None:
    commands = [[*line.split(), "--server", "http://127.0.0.1:9", "--json"] for line in lines(OF_THIS_MACHINE)]

    refused = many(both[1], commands)

    said = [(code, json.loads(err.splitlines()[-1])["error"]["code"]) for code, _, err in refused]
    assert said == [(1, "SERVER_CANNOT")] * len(commands)


def test_a_folder_that_is_named_goes_before_a_service_of_the_environment(
    published: Mapping[str, str], both: tuple[Shell, Shell]
) -> None:
    ((code, out, err),) = many(both[1], [["run", "list", "--home", str(both[0].place / "home")]])

    assert (code, published["RUN"] in out) == (0, True), err


def test_a_service_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    asked = [
        ["run", "list", "--json", "--server", server] for server in ("http://placet.example.com", "http://127.0.0.1:9")
    ]

    refused = many(Shell(tmp_path, {"PLACET_API_KEY": "x"}), asked) + many(Shell(tmp_path), asked[1:])

    assert [(code, json.loads(err.splitlines()[-1])["error"]["code"]) for code, _, err in refused] == [
        (1, "SERVER_INVALID"),
        (7, "SERVER_UNREACHABLE"),
        (1, "API_KEY_MISSING"),
    ]


def test_plans_from_files_are_planned_and_carried_out_there(service: Service, everything: str, tmp_path: Path) -> None:
    shell = service.client(tmp_path / "client", everything)
    (shell.place / "released.tgz").write_bytes(archive("1.4.0"))
    (shell.place / "notes.md").write_text("What is new\n")
    (shell.place / "release.toml").write_text(
        '[package]\npath = "released.tgz"\n[[operation]]\nkind = "publish_package"\nprovider = "npm"\n'
        '[[operation]]\nkind = "put_object"\nprovider = "files"\n'
        'params = { key = "packages/@acme/tool/1.4.0.md" }\nartifacts = [{ file = "notes.md" }]\n'
    )

    rehearsed, planned, done, again = (
        json.loads(out) if code == 0 else pytest.fail(err)
        for code, out, err in many(
            shell,
            [
                ["plan", "create", "release.toml", "--dry-run", "--json"],
                ["plan", "create", "release.toml", "--json"],
                ["plan", "create", "release.toml", "--wait", "0", "--json"],
                ["plan", "create", "release.toml", "--json"],
            ],
        )
    )

    assert rehearsed["would_ship"] == "yes"
    assert (planned["missing"], planned["state"]) == ([], "planned")
    assert (done["run_id"], done["state"]) == (planned["run_id"], "executed")
    assert again["run_id"] == planned["run_id"]
    assert (service.shell.place / "objects/packages/@acme/tool/1.4.0.md").read_text() == "What is new\n"


def test_certificates_are_issued_for_keys_that_never_leave_this_machine(
    service: Service, everything: str, tmp_path: Path
) -> None:
    shell = service.client(tmp_path / "client", everything)
    narrow = make_key(service.shell, "certificates:issue=@other/*", principal="person:local")

    issue = ["certificate", "issue", "@acme/tool@7.0.0", "--key-out", "tool.key", "--json"]
    ((code, out, err),) = many(shell, [issue])
    assert code == 0, err
    issued = json.loads(out)
    renewed, revoked = (
        json.loads(out) if code == 0 else pytest.fail(err)
        for code, out, err in many(
            shell,
            [
                ["certificate", "renew", issued["cert_id"], "--key-out", "renewed.key", "--json"],
                ["certificate", "revoke", issued["cert_id"], "--reason", "superseded", "--json"],
            ],
        )
    )
    refused = service.client(tmp_path / "narrow", narrow).placet(
        "certificate", "revoke", renewed["cert_id"], "--reason", "superseded", "--json"
    )

    assert (shell.place / "tool.key").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert issued["private_key"] == ""
    assert renewed["renews"] == issued["cert_id"]
    assert revoked["status"] == "revoked"
    assert (refused.code, refused.error()["code"]) == (3, "SCOPE_INSUFFICIENT")
