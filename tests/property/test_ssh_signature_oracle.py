"""Our reader of SSH signatures against `ssh-keygen`: what it makes we accept, what we accept it accepts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.domain.encoding.ssh_public_key import parse_public_key
from placet.domain.encoding.sshsig import armor, normalize, read_signature, unarmor, verify
from placet.errors import InvalidInputError
from support.soft_keys import KINDS, NAMESPACE, SoftKey, soft_key

CONTENT = b'{"typ":"approval","v":1}'
FILE_KEYS = {"ed25519": ["-t", "ed25519"], "ecdsa": ["-t", "ecdsa", "-b", "256"], "rsa": ["-t", "rsa", "-b", "2048"]}
pytestmark = pytest.mark.needs("ssh-keygen")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ssh")
    for name, options in FILE_KEYS.items():
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "x y", "-f", path / name, *options], check=True)
    return path


def made_by_ssh_keygen(folder: Path, name: str, *options: str, namespace: str = NAMESPACE) -> bytes:
    command = ["ssh-keygen", "-Y", "sign", "-f", str(folder / name), "-n", namespace, *options]
    done = subprocess.run(command, input=CONTENT, capture_output=True, check=True)
    return unarmor(done.stdout.decode())


def ours(blob: bytes, content: bytes = CONTENT) -> bool:
    try:
        verify(read_signature(blob), content, namespace=NAMESPACE)
    except InvalidInputError:
        return False
    return True


def theirs(folder: Path, blob: bytes, line: str, content: bytes = CONTENT) -> bool:
    """Tell whether `ssh-keygen -Y verify` accepts the signature for a person with that key."""
    (folder / "signature").write_text(armor(blob))
    (folder / "allowed").write_text(f"alice {line}\n")
    names = ["-I", "alice", "-n", NAMESPACE, "-s", str(folder / "signature"), "-f", str(folder / "allowed")]
    return (
        subprocess.run(
            ["ssh-keygen", "-Y", "verify", *names], input=content, capture_output=True, check=False
        ).returncode
        == 0
    )


@pytest.mark.parametrize("name", FILE_KEYS)
def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(folder: Path, name: str) -> None:
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", folder / f"{name}.pub"], capture_output=True, text=True, check=True
    )

    assert shown.stdout.split()[1] == parse_public_key((folder / f"{name}.pub").read_text()).key_id


@pytest.mark.parametrize("kind", KINDS)
def test_the_fingerprint_of_our_own_keys_is_the_same_too(folder: Path, kind: str) -> None:
    (folder / "own.pub").write_text(soft_key(kind).line + "\n")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", folder / "own.pub"], capture_output=True, text=True, check=True)

    assert shown.stdout.split()[1] == soft_key(kind).public.key_id


@pytest.mark.parametrize(
    "options", [(), ("-O", "hashalg=sha256"), ("-O", "hashalg=sha512")], ids=["default", "sha256", "sha512"]
)
@pytest.mark.parametrize("name", FILE_KEYS)
def test_what_ssh_keygen_signs_holds_here(folder: Path, name: str, options: tuple[str, ...]) -> None:
    line = (folder / f"{name}.pub").read_text().strip()
    for _ in range(4):
        blob = normalize(made_by_ssh_keygen(folder, name, *options))
        assert ours(blob)
        assert theirs(folder, blob, line)
        assert read_signature(blob).key == parse_public_key(line)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_tests_sign_holds_for_ssh_keygen(folder: Path, kind: str) -> None:
    key = soft_key(kind)

    assert ours(key.sign(CONTENT))
    assert theirs(folder, key.sign(CONTENT), key.line)


@pytest.mark.parametrize("kind", KINDS)
def test_ssh_keygen_and_we_agree_on_every_changed_signature(folder: Path, kind: str) -> None:
    key = soft_key(kind)
    changed = list(mutations(key))

    assert [ours(blob) for blob in changed] == [theirs(folder, blob, key.line) for blob in changed]


@pytest.mark.parametrize("kind", ["ecdsa", "sk-ecdsa"])
def test_only_the_second_spelling_of_an_ecdsa_signature_holds_there_and_not_here(folder: Path, kind: str) -> None:
    high = soft_key(kind).sign(CONTENT, high_s=True)

    assert theirs(folder, high, soft_key(kind).line)
    assert not ours(high)
    assert ours(normalize(high))


@pytest.mark.parametrize("kind", KINDS)
def test_no_single_flipped_bit_leaves_a_signature_good(kind: str) -> None:
    blob = soft_key(kind).sign(CONTENT)
    flipped = [_flip(blob, bit) for bit in range(len(blob) * 8)]

    assert [bit for bit, changed in enumerate(flipped) if ours(changed)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_placets_error_comes_out_of_a_broken_signature(kind: str) -> None:
    blob = soft_key(kind).sign(CONTENT)
    for size in range(len(blob)):
        assert not ours(blob[:size])
        assert not ours(blob[size:][:200]) or size == 0


def mutations(key: SoftKey) -> Iterator[bytes]:
    blob = key.sign(CONTENT)
    yield from (_flip(blob, bit) for bit in range(0, len(blob) * 8, 97))
    yield from (blob[:size] for size in range(0, len(blob), 41))
    yield key.sign(CONTENT + b" ")
    yield key.sign(CONTENT, namespace="file")
    yield key.sign(CONTENT, hash_name="sha256")
    yield key.sign(CONTENT, rsa_algorithm="ssh-rsa")
    yield blob + b"\0"
    yield blob


def _flip(blob: bytes, bit: int) -> bytes:
    changed = bytearray(blob)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
