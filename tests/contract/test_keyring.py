"""The keyring: keys rest sealed, whole or not at all, and come out only with the passphrase."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from placet.adapters.files.keyring import FileKeyring
from placet.adapters.files.sealing import SCRYPT_COST
from placet.adapters.softkeys.authority import SoftwareAuthority
from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.domain.certificate.authority import Issuer
from placet.domain.certificate.chain import check_chain
from placet.domain.certificate.keys import KeyAlgorithm, check_public_key
from placet.errors import ConfigurationError
from placet.ports.authority import CertificateAuthority
from placet.ports.effects import Secret
from placet.ports.keys import AuthorityRole, KeyMaker, Keyring
from support.authority import NOW, authority, leaf_subject

PASSPHRASE = "correct horse battery st\u00e4ple"
RECEIPT_SECRET = bytes(range(32))
CHECKPOINT_KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)


# In a process of its own, whose files may not grow: what a full disk looks like.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from placet.adapters.files.keyring import FileKeyring
from placet.errors import UnavailableError

resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    FileKeyring(Path(sys.argv[1]), passphrase=None, plain=True).add_checkpoint_key(Ed25519PrivateKey.generate())
except UnavailableError as error:
    print(error.code)
"""


def keyring(folder: Path, passphrase: str | None = PASSPHRASE, *, plain: bool = False) -> FileKeyring:
    return FileKeyring(folder, passphrase=None if passphrase is None else Secret(passphrase), plain=plain)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one key of each kind, sealed."""
    fill(keyring(tmp_path / "keys"))
    return tmp_path / "keys"


def fill(keys: Keyring) -> None:
    keys.add_authority(AuthorityRole.ROOT, authority().root)
    keys.add_authority(AuthorityRole.INTERMEDIATE, authority(KeyAlgorithm.RSA_2048).intermediate)
    keys.add_checkpoint_key(CHECKPOINT_KEY)
    keys.add_receipt_secret("r1", RECEIPT_SECRET)


def code_of(refused: pytest.ExceptionInfo[ConfigurationError]) -> str:
    return refused.value.code


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_every_key_comes_back_as_it_was(passphrase: str | None, tmp_path: Path) -> None:
    fill(keyring(tmp_path, passphrase, plain=passphrase is None))
    opened = keyring(tmp_path, passphrase)

    assert private_bytes(opened.authority(AuthorityRole.ROOT)) == private_bytes(authority().root)
    assert opened.authority(AuthorityRole.INTERMEDIATE).certificate == (
        authority(KeyAlgorithm.RSA_2048).intermediate.certificate
    )
    assert opened.checkpoint_key().private_bytes_raw() == CHECKPOINT_KEY.private_bytes_raw()
    assert opened.receipt_secrets() == {"r1": RECEIPT_SECRET}


def private_bytes(issuer: Issuer) -> bytes:
    return issuer.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def test_nothing_secret_stands_in_a_sealed_file(folder: Path) -> None:
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    keys = [RECEIPT_SECRET, CHECKPOINT_KEY.private_bytes_raw(), private_bytes(authority().root)]

    assert not [key for key in keys if key in kept or json.dumps(key.hex()).encode() in kept]
    assert b'"sealed":"plain"' not in kept


def test_only_the_owner_may_read_the_keys(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_writing_leaves_no_other_file_behind(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "ca_intermediate.key.json",
        "ca_root.key.json",
        "checkpoint.key.json",
        "receipt_r1.key.json",
    ]


def test_the_certificates_are_readable_without_the_passphrase(folder: Path) -> None:
    assert keyring(folder, None).authority_certificate(AuthorityRole.ROOT) == authority().root.certificate


@pytest.mark.parametrize("passphrase", [None, ""])
def test_a_sealed_key_needs_the_passphrase(folder: Path, passphrase: str | None) -> None:
    with pytest.raises(ConfigurationError) as refused:
        keyring(folder, passphrase).checkpoint_key()

    assert code_of(refused) == "PASSPHRASE_MISSING"
    assert "PLACET_PASSPHRASE" in refused.value.hint


@pytest.mark.parametrize("passphrase", ["x", PASSPHRASE + " ", PASSPHRASE.upper()])
def test_another_passphrase_opens_nothing(folder: Path, passphrase: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        keyring(folder, passphrase).checkpoint_key()

    assert code_of(refused) == "PASSPHRASE_WRONG"
    assert passphrase not in str(refused.value)


def test_the_same_passphrase_typed_with_other_code_points_opens(folder: Path) -> None:
    assert sorted(keyring(folder, PASSPHRASE.replace("\u00e4", "a\u0308")).receipt_secrets()) == ["r1"]


def test_without_a_passphrase_no_key_is_kept_unless_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        keyring(tmp_path, None).add_checkpoint_key(CHECKPOINT_KEY)

    assert code_of(refused) == "PASSPHRASE_MISSING"
    assert list(tmp_path.iterdir()) == []


def test_a_passphrase_seals_even_where_plain_was_said(tmp_path: Path) -> None:
    keyring(tmp_path, plain=True).add_checkpoint_key(CHECKPOINT_KEY)

    with pytest.raises(ConfigurationError, match="PASSPHRASE_MISSING"):
        keyring(tmp_path, None, plain=True).checkpoint_key()


def test_a_mistyped_passphrase_seals_no_further_key(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        keyring(folder, "mistyped").add_receipt_secret("r2", RECEIPT_SECRET)

    assert code_of(refused) == "PASSPHRASE_WRONG"
    assert sorted(keyring(folder).receipt_secrets()) == ["r1"]


def test_a_key_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        keyring(folder).add_receipt_secret("r1", bytes(32))

    assert code_of(refused) == "KEY_EXISTS"
    assert keyring(folder).receipt_secrets() == {"r1": RECEIPT_SECRET}


@pytest.mark.parametrize(("key_id", "secret"), [("../r", bytes(32)), ("", bytes(32)), ("r2", bytes(31))])
def test_a_receipt_secret_has_an_id_and_32_bytes(folder: Path, key_id: str, secret: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keyring(folder).add_receipt_secret(key_id, secret)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        keyring(tmp_path).checkpoint_key()

    assert code_of(refused) == "KEY_MISSING"


def test_a_new_home_has_no_receipt_secrets(tmp_path: Path) -> None:
    assert keyring(tmp_path / "none").receipt_secrets() == {}


def test_a_key_that_others_may_read_is_not_used(folder: Path) -> None:
    (folder / "checkpoint.key.json").chmod(0o640)

    with pytest.raises(ConfigurationError) as refused:
        keyring(folder).checkpoint_key()

    assert code_of(refused) == "KEY_FILE_EXPOSED"


def test_a_key_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.key.json").mkdir()

    with pytest.raises(ConfigurationError) as refused:
        keyring(tmp_path).checkpoint_key()

    assert code_of(refused) == "KEY_FILE_UNREADABLE"


def test_no_flipped_bit_of_a_key_file_gives_a_key(folder: Path) -> None:
    path, keys = folder / "checkpoint.key.json", keyring(folder)
    content = path.read_bytes()
    codes = set()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ConfigurationError) as refused:
            keys.checkpoint_key()
        codes.add(refused.value.code)

    assert codes == {"KEY_FILE_DAMAGED", "PASSPHRASE_WRONG"}


@pytest.mark.parametrize("name", ["receipt_r1", "ca_root"])
def test_a_key_file_under_the_name_of_another_is_damaged(folder: Path, name: str) -> None:
    (folder / f"{name}.key.json").replace(folder / "checkpoint.key.json")

    with pytest.raises(ConfigurationError) as refused:
        keyring(folder).checkpoint_key()

    assert code_of(refused) == "KEY_FILE_DAMAGED"


def test_a_certificate_is_not_taken_from_another_keyring(folder: Path, tmp_path: Path) -> None:
    path = folder / "ca_root.key.json"
    other = authority(KeyAlgorithm.RSA_2048).root
    keyring(tmp_path / "other").add_authority(AuthorityRole.ROOT, other)
    members = json.loads(path.read_bytes())
    members["certificate"] = json.loads((tmp_path / "other/ca_root.key.json").read_bytes())["certificate"]
    path.write_text(json.dumps(members, sort_keys=True, separators=(",", ":")))

    with pytest.raises(ConfigurationError) as refused:
        keyring(folder).authority(AuthorityRole.ROOT)

    assert code_of(refused) == "KEY_FILE_DAMAGED"


@pytest.mark.parametrize(
    ("name", "certificate", "content"),
    [
        ("checkpoint", "", "AAAA"),
        ("checkpoint", "", "MIGHAgEAMBMG"),
        ("receipt_r1", "", "AAAA"),
    ],
)
def test_an_unsealed_file_must_hold_the_key_that_it_should(
    tmp_path: Path, name: str, certificate: str, content: str
) -> None:
    path = tmp_path / f"{name}.key.json"
    path.write_text(f'{{"certificate":"{certificate}","content":"{content}","name":"{name}","sealed":"plain","v":1}}')
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as refused:
        read_all(keyring(tmp_path, None))

    assert code_of(refused) == "KEY_FILE_DAMAGED"


def read_all(keys: Keyring) -> None:
    if keys.receipt_secrets() == {}:
        keys.checkpoint_key()


def test_a_key_of_another_kind_under_the_right_name_is_damaged(tmp_path: Path) -> None:
    plain = keyring(tmp_path, None, plain=True)
    plain.add_checkpoint_key(CHECKPOINT_KEY)
    plain.add_authority(AuthorityRole.ROOT, authority().root)
    checkpoint, root = (json.loads((tmp_path / f"{name}.key.json").read_bytes()) for name in ("checkpoint", "ca_root"))
    rewrite(tmp_path / "checkpoint.key.json", {**checkpoint, "content": root["content"]})
    rewrite(tmp_path / "ca_root.key.json", {**root, "content": checkpoint["content"]})

    with pytest.raises(ConfigurationError, match="KEY_FILE_DAMAGED"):
        plain.checkpoint_key()
    with pytest.raises(ConfigurationError, match="KEY_FILE_DAMAGED"):
        plain.authority(AuthorityRole.ROOT)


def test_a_file_whose_certificate_is_none_is_damaged(tmp_path: Path) -> None:
    keyring(tmp_path, None, plain=True).add_authority(AuthorityRole.ROOT, authority().root)
    path = tmp_path / "ca_root.key.json"
    rewrite(path, {**json.loads(path.read_bytes()), "certificate": "AAAA"})

    with pytest.raises(ConfigurationError, match="KEY_FILE_DAMAGED"):
        keyring(tmp_path, None).authority_certificate(AuthorityRole.ROOT)


@pytest.mark.parametrize("member", ["salt", "nonce"])
def test_a_salt_or_nonce_of_another_length_is_damaged(folder: Path, member: str) -> None:
    path = folder / "checkpoint.key.json"
    rewrite(path, {**json.loads(path.read_bytes()), member: "AAAA"})

    with pytest.raises(ConfigurationError, match="KEY_FILE_DAMAGED"):
        keyring(folder).checkpoint_key()


def test_a_certificate_that_is_not_of_the_key_is_damaged(tmp_path: Path) -> None:
    plain = keyring(tmp_path, None, plain=True)
    mixed = Issuer(certificate=authority().root.certificate, key=authority().intermediate.key)
    plain.add_authority(AuthorityRole.ROOT, mixed)

    with pytest.raises(ConfigurationError, match="KEY_FILE_DAMAGED"):
        plain.authority(AuthorityRole.ROOT)


def rewrite(path: Path, members: dict[str, object]) -> None:
    path.write_text(json.dumps(members, sort_keys=True, separators=(",", ":")))


def test_opening_every_key_costs_one_scrypt(folder: Path) -> None:
    keys = keyring(folder)
    keys.checkpoint_key()
    started = time.process_time()
    keys.receipt_secrets()
    keys.authority(AuthorityRole.ROOT)
    keys.authority(AuthorityRole.INTERMEDIATE)

    assert time.process_time() - started < 2 * seconds_of_one_scrypt()  # three more would have cost three


def seconds_of_one_scrypt() -> float:
    started = time.process_time()
    hashlib.scrypt(b"x", salt=bytes(16), n=SCRYPT_COST, r=8, p=1, maxmem=2**26)
    return time.process_time() - started


def test_a_full_disk_leaves_no_half_key(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], check=True, capture_output=True, text=True, env={}
    )

    assert done.stdout == "KEY_FILE_UNWRITABLE\n"
    assert list(tmp_path.iterdir()) == []


def test_a_repr_shows_no_key(folder: Path) -> None:
    keys = keyring(folder)

    assert PASSPHRASE not in repr(keys) + repr(vars(keys))


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_fresh_keys_are_fit_to_be_certified(algorithm: KeyAlgorithm) -> None:
    maker: KeyMaker = SoftwareKeyMaker()
    first, second = maker.private_key(algorithm), maker.private_key(algorithm)

    assert check_public_key(first.public_key()) != check_public_key(second.public_key())


def test_fresh_checkpoint_keys_differ() -> None:
    maker = SoftwareKeyMaker()

    assert maker.checkpoint_key().private_bytes_raw() != maker.checkpoint_key().private_bytes_raw()


def test_the_authority_issues_with_the_intermediate_of_the_keyring(tmp_path: Path) -> None:
    keys = keyring(tmp_path)
    keys.add_authority(AuthorityRole.ROOT, authority().root)
    keys.add_authority(AuthorityRole.INTERMEDIATE, authority().intermediate)
    issuing: CertificateAuthority = SoftwareAuthority(keys, public_base_url="http://localhost:8480")
    key = authority().leaf_key.public_key()
    leaf = issuing.issue(leaf_subject(), key, random=bytes(range(20)), now=NOW)

    assert check_chain(leaf, issuing.chain[0], [issuing.chain[1]], at=NOW).subject == leaf_subject()


def test_the_authority_shows_its_chain_without_a_passphrase(tmp_path: Path) -> None:
    sealed = keyring(tmp_path)
    sealed.add_authority(AuthorityRole.ROOT, authority().root)
    sealed.add_authority(AuthorityRole.INTERMEDIATE, authority().intermediate)
    chain = SoftwareAuthority(keyring(tmp_path, None), public_base_url="http://localhost:8480").chain

    assert chain == (authority().intermediate.certificate, authority().root.certificate)
