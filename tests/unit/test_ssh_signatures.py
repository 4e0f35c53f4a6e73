from __future__ import annotations

import struct

import pytest

from placet.domain.encoding.sshsig import LIMIT_BYTES, armor, normalize, read_signature, unarmor, verify
from placet.errors import InvalidInputError
from support.soft_keys import KINDS, NAMESPACE, P256_ORDER, SoftKey, mpint, soft_key, string

CONTENT = b'{"typ":"approval"}'


def code_of(blob: bytes, content: bytes = CONTENT, namespace: str = NAMESPACE) -> str:
    """Return the code with which a signature is refused, empty where it holds."""
    try:
        verify(read_signature(blob), content, namespace=namespace)
    except InvalidInputError as error:
        return error.code
    return ""


def blob_of(
    key: SoftKey, *, inner: bytes, namespace: str = NAMESPACE, hash_name: str = "sha512", reserved: str = ""
) -> bytes:
    parts = (key.blob, namespace, reserved, hash_name, inner)
    return b"SSHSIG" + struct.pack(">I", 1) + b"".join(string(part) for part in parts)


@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_of_each_accepted_type_holds(kind: str, hash_name: str) -> None:
    blob = soft_key(kind).sign(CONTENT, hash_name=hash_name)

    assert code_of(blob) == ""
    assert normalize(blob) == blob == read_signature(blob).encode()


def test_rsa_with_sha256_holds() -> None:
    assert code_of(soft_key("rsa").sign(CONTENT, rsa_algorithm="rsa-sha2-256")) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_holds_for_these_bytes_alone(kind: str) -> None:
    assert code_of(soft_key(kind).sign(CONTENT), CONTENT + b" ") == "SSH_SIGNATURE_INVALID"
    assert code_of(soft_key(kind).sign(CONTENT), b"") == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize("namespace", ["file", "git", "placet-approval ", "Placet-approval", "placet"])
def test_a_signature_for_another_namespace_does_not_hold(namespace: str) -> None:
    assert code_of(soft_key("ed25519").sign(CONTENT, namespace=namespace)) == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_signature_under_another_key_does_not_hold(kind: str) -> None:
    blob, other = soft_key(kind).sign(CONTENT), soft_key(kind, 3072 if kind == "rsa" else 99)
    forged = blob.replace(string(soft_key(kind).blob), string(other.blob))

    assert forged != blob
    assert code_of(forged) == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize("kind", ["ecdsa", "sk-ecdsa"])
def test_a_high_s_is_refused_and_normalize_lowers_it(kind: str) -> None:
    high = soft_key(kind).sign(CONTENT, high_s=True)

    assert code_of(high) == "SSH_SIGNATURE_INVALID"
    assert code_of(normalize(high)) == ""
    assert normalize(normalize(high)) == normalize(high) != high


@pytest.mark.parametrize("s", [P256_ORDER, P256_ORDER + 1, 2**257])
def test_an_s_beyond_the_order_is_no_signature(s: int) -> None:
    key = soft_key("ecdsa")
    blob = blob_of(key, inner=string(key.key_type) + string(mpint(1) + mpint(s)))

    for read in (normalize, read_signature):
        with pytest.raises(InvalidInputError) as caught:
            read(blob)
        assert caught.value.code == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize(("r", "s"), [(1, 1), (P256_ORDER, 1), (P256_ORDER + 1, 1), (1, P256_ORDER // 2)])
def test_numbers_that_nobody_signed_do_not_hold(r: int, s: int) -> None:
    key = soft_key("ecdsa")

    assert code_of(blob_of(key, inner=string(key.key_type) + string(mpint(r) + mpint(s)))) == "SSH_SIGNATURE_INVALID"


def test_an_ecdsa_signature_is_two_positive_integers_and_nothing_else() -> None:
    key = soft_key("ecdsa")
    for pair in (
        mpint(1),
        mpint(1) + mpint(1) + b"\0",
        mpint(1) + string(b""),
        mpint(1) + string(b"\x80"),
        mpint(1) + string(b"\0\1"),
    ):
        assert code_of(blob_of(key, inner=string(key.key_type) + string(pair))) == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize(
    "algorithm", ["ssh-rsa", "rsa-sha2-1024", "ssh-ed25519", "", "rsa-sha2-512-cert-v01@openssh.com"]
)
def test_rsa_with_sha1_or_any_other_algorithm_is_refused(algorithm: str) -> None:
    assert code_of(soft_key("rsa").sign(CONTENT, rsa_algorithm=algorithm)) == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "sk-ed25519", "sk-ecdsa"])
def test_the_algorithm_is_that_of_the_key(kind: str) -> None:
    key = soft_key(kind)
    blob = key.sign(CONTENT)
    renamed = blob_of(key, inner=string("rsa-sha2-512") + blob.rpartition(string(key.key_type))[2])

    assert code_of(renamed) == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize("hash_name", ["sha1", "md5", "sha384", "SHA512", ""])
def test_other_hashes_are_refused(hash_name: str) -> None:
    blob = soft_key("ed25519").sign(CONTENT).replace(string("sha512"), string(hash_name))

    assert code_of(blob) == "SSH_SIGNATURE_INVALID"


def test_a_hash_may_not_be_exchanged_for_the_other() -> None:
    blob = soft_key("ed25519").sign(CONTENT).replace(string("sha512"), string("sha256"))

    assert code_of(blob) == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_may_stand_behind_a_signature_or_be_missing(kind: str) -> None:
    blob = soft_key(kind).sign(CONTENT)

    assert {code_of(blob + b"\0"), code_of(blob[:-1]), code_of(b""), code_of(b"SSHSIG")} == {"SSH_SIGNATURE_INVALID"}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_may_stand_inside_behind_the_signature_proper(kind: str) -> None:
    key = soft_key(kind)
    inner = string(key.key_type if kind != "rsa" else "rsa-sha2-512")
    rest = key.sign(CONTENT).rpartition(inner)[2]

    assert code_of(blob_of(key, inner=inner + rest)) == ""
    assert code_of(blob_of(key, inner=inner + rest + b"\0")) == "SSH_SIGNATURE_INVALID"


@pytest.mark.parametrize("version", [0, 2, 2**32 - 1])
def test_another_version_is_refused(version: int) -> None:
    blob = soft_key("ed25519").sign(CONTENT)

    assert code_of(blob[:6] + struct.pack(">I", version) + blob[10:]) == "SSH_SIGNATURE_INVALID"
    assert code_of(b"SSHSIg" + blob[6:]) == "SSH_SIGNATURE_INVALID"


def test_an_empty_namespace_is_refused_though_it_was_signed() -> None:
    assert code_of(soft_key("ed25519").sign(CONTENT, namespace=""), namespace="") == "SSH_SIGNATURE_INVALID"


def test_a_filled_reserved_field_is_refused_because_nobody_signed_it() -> None:
    key = soft_key("ed25519")
    inner = string(key.key_type) + string(read_signature(key.sign(CONTENT)).signature)

    assert code_of(blob_of(key, inner=inner)) == ""
    assert code_of(blob_of(key, inner=inner, reserved="x")) == "SSH_SIGNATURE_INVALID"


def test_a_namespace_is_printable_ascii_from_space_to_tilde() -> None:
    key = soft_key("ed25519")

    assert code_of(key.sign(CONTENT, namespace=" ~"), namespace=" ~") == ""
    for name in ("\x1f", "\x7f", "\u00e9"):
        assert code_of(key.sign(CONTENT, namespace=name), namespace=name) == "SSH_SIGNATURE_INVALID"


def test_half_the_order_is_the_highest_low_s() -> None:
    key = soft_key("ecdsa")
    blob = blob_of(key, inner=string(key.key_type) + string(mpint(1) + mpint(P256_ORDER // 2)))

    assert read_signature(blob).encode() == normalize(blob) == blob


def test_the_key_inside_is_read_as_strictly_as_any() -> None:
    weak = b"SSHSIG" + struct.pack(">I", 1) + string(string("ssh-ed25519") + string(b"\1" + b"\0" * 31))

    assert code_of(weak) == "KEY_WEAK"


@pytest.mark.parametrize("kind", ["sk-ed25519", "sk-ecdsa"])
def test_presence_is_what_the_token_signed(kind: str) -> None:
    key = soft_key(kind)
    touched, untouched, verified = (key.sign(CONTENT, flags=flags, counter=7) for flags in (0x01, 0x00, 0x05))

    assert [read_signature(blob).user_present for blob in (touched, untouched, verified)] == [True, False, True]
    assert [read_signature(blob).user_verified for blob in (touched, untouched, verified)] == [False, False, True]
    assert not read_signature(key.sign(CONTENT, flags=0x04)).user_verified
    assert {code_of(blob) for blob in (touched, untouched, verified)} == {""}
    assert read_signature(touched).counter == 7
    assert code_of(untouched[:-5] + b"\1" + untouched[-4:]) == "SSH_SIGNATURE_INVALID"
    assert code_of(touched[:-1] + b"\x08") == "SSH_SIGNATURE_INVALID"


def test_a_key_in_a_file_never_shows_presence() -> None:
    signature = read_signature(soft_key("ed25519").sign(CONTENT))

    assert (signature.user_present, signature.flags, signature.counter) == (False, 0, 0)


def test_a_token_of_another_application_signed_something_else() -> None:
    key = soft_key("sk-ed25519")
    other = SoftKey(key.key_type, key.private, "ssh:other")

    assert code_of(key.sign(CONTENT).replace(string(key.blob), string(other.blob))) == "SSH_SIGNATURE_INVALID"


def test_an_oversized_blob_is_refused_before_it_is_read() -> None:
    name = "n" * (LIMIT_BYTES - len(soft_key("ed25519").sign(CONTENT, namespace="")))

    assert code_of(soft_key("ed25519").sign(CONTENT, namespace=name), namespace=name) == ""
    assert code_of(soft_key("ed25519").sign(CONTENT, namespace=name + "n"), namespace=name + "n") == (
        "SSH_SIGNATURE_INVALID"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_armor_is_taken_off_and_put_on(kind: str) -> None:
    blob = soft_key(kind).sign(CONTENT)

    assert unarmor(armor(blob)) == blob


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-----BEGIN SSH SIGNATURE-----\n", "-----BEGIN SSH SIGNATURE-----"),
        ("-----BEGIN", " -----BEGIN"),
        ("-----BEGIN SSH SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----"),
        ("-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----"),
        ("-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n\n"),
        ("-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\nmore"),
        ("\n", "\r\n"),
        ("\n-----END", "\n\n-----END"),
        ("U1NIU0lH", "U1NIU0lH\n"),
        ("U1NIU0lH", "U1NIU0lH "),
        ("U1NIU0lH", "U1NIU0lH!"),
        ("U1NIU0lH", "U1NIU0lH-"),
        ("\n-----END", "=\n-----END"),
    ],
)
def test_armor_has_one_spelling(old: str, new: str) -> None:
    text = armor(soft_key("ed25519").sign(CONTENT))
    changed = text.replace(old, new, 1)
    assert changed != text

    with pytest.raises(InvalidInputError) as caught:
        unarmor(changed)

    assert caught.value.code == "SSH_SIGNATURE_INVALID"


def test_too_much_armor_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        unarmor(armor(b"\0" * 3 * LIMIT_BYTES))

    assert caught.value.code == "SSH_SIGNATURE_INVALID"
