"""The port that signs approvals, against the real ssh-keygen and ssh-agent."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from placet.adapters.ssh.key_file import read_public_key_file
from placet.adapters.ssh.signer import OpenSshSigner
from placet.domain.authorization.approval import NAMESPACE
from placet.domain.encoding.ssh_public_key import parse_public_key
from placet.domain.encoding.sshsig import read_signature, verify
from placet.errors import ConfigurationError, InvalidInputError, PlacetError
from placet.ports.approval_signer import ApprovalSigner

pytestmark = pytest.mark.needs("ssh-keygen", "ssh-agent", "ssh-add")
CONTENT = b'{"typ":"approval","v":1}'
PASSPHRASE = "canary passphrase"
TYPES = {"ed25519": ["-t", "ed25519"], "ecdsa": ["-t", "ecdsa", "-b", "256"], "rsa": ["-t", "rsa", "-b", "2048"]}


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which nothing can ask a person at a terminal."""
    return {"PATH": os.environ["PATH"], "SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force", **more}  # noqa: TID251 - the programs' own path


def signer(**more: str) -> OpenSshSigner:
    return OpenSshSigner(environment(**more))


def sign(by: ApprovalSigner, key_path: Path) -> bytes:
    return asyncio.run(by.sign(CONTENT, key_path))


def failed(by: ApprovalSigner, key_path: Path) -> PlacetError:
    with pytest.raises(ConfigurationError) as caught:
        sign(by, key_path)
    assert caught.value.code == "SIGNING_FAILED"
    assert caught.value.hint
    assert caught.value.message.isprintable()
    return caught.value


def program(folder: Path, script: str) -> OpenSshSigner:
    """Return a signer that finds this script under the name of `ssh-keygen`."""
    path = folder / "ssh-keygen"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return OpenSshSigner(
        {
            "PATH": f"{folder}:/bin:/usr/bin",
            "HOME": str(folder),
            "PLACET_PASSPHRASE": PASSPHRASE,
            "NPM_TOKEN": "canary",
        },
        timeout_seconds=0.5,
    )


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    for name, options in TYPES.items():
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "a b", "-f", folder / name, *options], check=True)
    locked = ["ssh-keygen", "-q", "-N", PASSPHRASE, "-t", "ed25519", "-f", str(folder / "locked")]
    subprocess.run(locked, check=True)
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """Start an ssh-agent that holds nothing, and end it."""
    socket = str(tmp_path / "agent")
    started = subprocess.run(["ssh-agent", "-s", "-a", socket], capture_output=True, text=True, check=True)
    found = re.search(r"SSH_AGENT_PID=(\d+)", started.stdout)
    assert found is not None
    yield socket
    os.kill(int(found[1]), 15)


@pytest.mark.parametrize("name", TYPES)
def test_a_key_in_a_file_signs_in_the_one_accepted_spelling(keys: Mapping[str, Path], name: str) -> None:
    for _ in range(4):
        signature = read_signature(sign(signer(), keys[name]))
        verify(signature, CONTENT, namespace=NAMESPACE)
        assert signature.key == parse_public_key(keys[f"{name}.pub"].read_text())


def test_a_key_in_an_agent_signs_by_its_public_half(keys: Mapping[str, Path], agent: str, tmp_path: Path) -> None:
    (tmp_path / "only.pub").write_text(keys["ed25519.pub"].read_text())
    subprocess.run(["ssh-add", "-q", keys["ed25519"]], env={**environment(), "SSH_AUTH_SOCK": agent}, check=True)

    signature = read_signature(sign(signer(SSH_AUTH_SOCK=agent), tmp_path / "only.pub"))

    verify(signature, CONTENT, namespace=NAMESPACE)
    assert "private key" in failed(signer(), tmp_path / "only.pub").message


def test_a_key_with_a_passphrase_signs_where_it_can_be_asked_for(keys: Mapping[str, Path], tmp_path: Path) -> None:
    (tmp_path / "ask").write_text(f"#!/bin/sh\necho '{PASSPHRASE}'\n")
    (tmp_path / "ask").chmod(0o755)

    verify(
        read_signature(sign(signer(SSH_ASKPASS=str(tmp_path / "ask")), keys["locked"])), CONTENT, namespace=NAMESPACE
    )


def test_a_key_with_a_passphrase_does_not_hang_where_it_cannot_be_asked_for(keys: Mapping[str, Path]) -> None:
    started = time.monotonic()

    assert "passphrase" in failed(signer(), keys["locked"]).message
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("name", ["nothing", "nothing.pub", "-f", "a\x00b", "../\x1b[2J"])
def test_a_key_that_is_not_there_signs_nothing(tmp_path: Path, name: str) -> None:
    assert "\x1b" not in failed(signer(), tmp_path / name).message


def test_a_key_that_others_may_read_is_refused_in_readable_words(keys: Mapping[str, Path], tmp_path: Path) -> None:
    (tmp_path / "open").write_bytes(keys["ed25519"].read_bytes())
    (tmp_path / "open").chmod(0o644)

    error = failed(signer(), tmp_path / "open")

    assert error.message.startswith("others than you can read or write the private key '")
    assert "UNPROTECTED" not in error.message
    assert "chmod 600" in error.hint


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_file_that_is_no_key_is_named_as_such(tmp_path: Path, mode: int) -> None:
    (tmp_path / "notes").write_text("garbage\n")
    (tmp_path / "notes").chmod(mode)

    error = failed(signer(), tmp_path / "notes")

    assert error.message == f"'{tmp_path}/notes' holds no SSH key"
    assert "ssh-keygen -t ed25519" in error.hint


def test_waiting_for_a_person_ends_in_bounded_time(keys: Mapping[str, Path], tmp_path: Path) -> None:
    started = time.monotonic()

    assert "0.5 seconds" in failed(program(tmp_path, "exec sleep 60"), keys["ed25519"]).message
    assert time.monotonic() - started < 20


def test_a_machine_without_openssh_says_what_to_install(keys: Mapping[str, Path], tmp_path: Path) -> None:
    error = failed(OpenSshSigner({"PATH": str(tmp_path)}), keys["ed25519"])

    assert error.message == "ssh-keygen is not on this machine"
    assert error.hint == "install the OpenSSH client"


@pytest.mark.parametrize("script", ["echo hello", "exit 0", "printf '\\377'", "cat"])
def test_what_is_no_signature_is_a_failure(keys: Mapping[str, Path], tmp_path: Path, script: str) -> None:
    failed(program(tmp_path, script), keys["ed25519"])


def test_a_program_that_cannot_be_started_is_a_failure(keys: Mapping[str, Path], tmp_path: Path) -> None:
    broken = program(tmp_path, "")
    (tmp_path / "ssh-keygen").write_text("#!/nowhere/sh\n")

    assert failed(broken, keys["ed25519"]).message == "ssh-keygen could not be run"


def test_what_a_program_says_is_shown_as_plain_words(keys: Mapping[str, Path], tmp_path: Path) -> None:
    said = r"printf '@@@@\n\033[2Jbad\000 \303\251 %01000d' 1 >&2; exit 3"

    message = failed(program(tmp_path, said), keys["ed25519"]).message

    assert message.startswith("ssh-keygen: [2Jbad \\xc3\\xa9 0000")
    assert len(message) < 400
    assert failed(program(tmp_path, "exit 3"), keys["ed25519"]).message == "ssh-keygen: no reason given"


def test_the_program_sees_no_credential_of_ours(keys: Mapping[str, Path], tmp_path: Path) -> None:
    failed(program(tmp_path, 'env > "$HOME/seen"; exit 1'), keys["ed25519"])

    seen = (tmp_path / "seen").read_text()
    assert "HOME=" in seen
    assert "canary" not in seen


def test_the_public_half_is_found_beside_the_key_and_by_its_own_name(keys: Mapping[str, Path]) -> None:
    expected = parse_public_key(keys["rsa.pub"].read_text())

    assert asyncio.run(signer().public_key(keys["rsa"])) == expected
    assert asyncio.run(signer().public_key(keys["rsa.pub"])) == expected


def test_the_public_half_is_derived_where_no_file_holds_it(keys: Mapping[str, Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.write_bytes(keys["ecdsa"].read_bytes())
    alone.chmod(0o600)

    assert asyncio.run(signer().public_key(alone)) == parse_public_key(keys["ecdsa.pub"].read_text())


@pytest.mark.parametrize("name", ["nothing", "nothing.pub"])
def test_a_public_half_that_cannot_be_read_is_a_matter_of_configuration(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(signer().public_key(tmp_path / name))

    assert caught.value.code == "KEY_FILE_UNREADABLE"
    assert caught.value.hint


def test_what_ssh_keygen_derives_is_read_as_strictly_as_a_file(keys: Mapping[str, Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.write_bytes(keys["ecdsa"].read_bytes())

    with pytest.raises(InvalidInputError) as caught:
        asyncio.run(program(tmp_path, "echo ssh-dss AAAA").public_key(alone))

    assert caught.value.code == "KEY_INVALID"


@pytest.mark.parametrize("content", [b"", b"hello", b"ssh-dss AAAA\n", b"\xff\xfe", b"ssh-ed25519 " + b"A" * 9000])
def test_a_file_that_holds_no_accepted_key_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pub").write_bytes(content)

    with pytest.raises(InvalidInputError) as caught:
        read_public_key_file(tmp_path / "key.pub")

    assert caught.value.code == "KEY_INVALID"
    assert "key.pub" in caught.value.message
    assert caught.value.message.isascii()


def test_a_private_key_given_for_a_public_one_is_named_and_not_shown(keys: Mapping[str, Path]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_public_key_file(keys["ed25519"])

    assert caught.value.code == "KEY_INVALID"
    assert "holds a private key" in caught.value.message
    assert "BEGIN" not in caught.value.message


@pytest.mark.parametrize("name", [".", "nothing", "a\x00b"])
def test_a_public_key_file_that_cannot_be_read_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_public_key_file(tmp_path / name)

    assert caught.value.code == "KEY_FILE_UNREADABLE"
