from __future__ import annotations

import base64

import pytest

from placet.domain.encoding.ssh_public_key import parse_public_key, read_public_key
from placet.errors import InvalidInputError
from support.soft_keys import KINDS, SoftKey, mpint, soft_key, string

ED25519_POINT = soft_key("ed25519").blob[-32:]
PRIME = 2**255 - 19


def line(key_type: str, *parts: bytes) -> str:
    blob = string(key_type) + b"".join(parts)
    return f"{key_type} {base64.b64encode(blob).decode()}"


def refused(text: str) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        parse_public_key(text)
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_the_accepted_types_are_read(kind: str) -> None:
    key = soft_key(kind)

    parsed = parse_public_key(key.line + " alice@example.com and more\n")

    assert parsed.line == key.line
    assert parsed.blob == key.blob
    assert parsed.key_type == key.key_type
    assert parsed.hardware_backed == key.is_hardware
    assert parsed.application == ("ssh:" if key.is_hardware else "")
    assert parsed == read_public_key(key.blob)
    assert "verifier" not in repr(parsed)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " a comment\r\n"])
def test_a_line_may_end_as_files_end(end: str) -> None:
    key = soft_key("ed25519")

    assert parse_public_key(key.line + end).line == key.line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 \n",
        soft_key("ed25519").line + "\n\n",
        soft_key("ed25519").line + "\n" + soft_key("ecdsa").line,
        soft_key("ed25519").line + " comment\nssh-rsa AAAA",
        " " + soft_key("ed25519").line,
        soft_key("ed25519").line.replace(" ", "  "),
        soft_key("ed25519").line.replace(" ", "\t"),
        'command="x" ' + soft_key("ed25519").line,
        soft_key("ed25519").line + " " + "x" * 8192,
        "ssh-dss AAAAB3NzaC1kc3M=",
        "ecdsa-sha2-nistp384 AAAA",
        "ssh-ed25519-cert-v01@openssh.com AAAA",
        "ssh-rs\u0430 AAAA",
    ],
)
def test_what_is_no_accepted_public_key_line_is_refused(text: str) -> None:
    assert refused(text).code == "KEY_INVALID"


def test_a_type_that_is_not_accepted_is_named() -> None:
    assert refused("ssh-dss AAAAB3NzaC1kc3M=").message == "keys of type 'ssh-dss' are not accepted"


def test_the_type_before_the_key_must_be_the_keys_own() -> None:
    blob = base64.b64encode(soft_key("ed25519").blob).decode()

    assert refused(f"ssh-rsa {blob}").message == "the SSH public key says ssh-rsa and holds ssh-ed25519"


@pytest.mark.parametrize("junk", ["!", "=", "\u00e9", "A", "==="])
def test_base64_has_one_spelling(junk: str) -> None:
    assert refused(soft_key("ed25519").line + junk).code == "KEY_INVALID"


def test_base64_with_stray_bits_is_refused() -> None:
    text = soft_key("ecdsa").line
    assert text.endswith("=")

    assert refused(text[:-2] + chr(ord(text[-2]) + 1) + "=").code == "KEY_INVALID"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_may_stand_behind_the_key_or_be_missing(kind: str) -> None:
    blob = soft_key(kind).blob
    for changed in (blob + b"\0", blob[:-1], blob[:20], b""):
        with pytest.raises(InvalidInputError) as caught:
            read_public_key(changed)
        assert caught.value.code == "KEY_INVALID"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (line("ssh-ed25519", string(ED25519_POINT[:31])), "KEY_INVALID"),
        (line("ssh-ed25519", string(ED25519_POINT + b"\0")), "KEY_INVALID"),
        (line("ecdsa-sha2-nistp256", string("nistp384"), string(soft_key("ecdsa").blob[-65:])), "KEY_INVALID"),
        (line("ecdsa-sha2-nistp256", string("nistp256"), string(b"\x04" + b"\1" * 64)), "KEY_INVALID"),
        (
            line("ecdsa-sha2-nistp256", string("nistp256"), string(b"\x02" + soft_key("ecdsa").blob[-64:-32])),
            "KEY_INVALID",
        ),
        (line("ecdsa-sha2-nistp256", string("nistp256"), string(b"\0")), "KEY_INVALID"),
        (line("ecdsa-sha2-nistp256", string("nistp256"), string(b"")), "KEY_INVALID"),
        (line("ssh-rsa", mpint(65537), string(b"")), "KEY_INVALID"),
        (line("ssh-rsa", mpint(65537), string(b"\0")), "KEY_INVALID"),
        (line("ssh-rsa", mpint(65537), string(b"\xff" * 256)), "KEY_INVALID"),
        (line("ssh-rsa", string(b"\0\1\0\1"), mpint(2**2047 + 1)), "KEY_INVALID"),
        (line("ssh-rsa", mpint(65537), mpint(2**2046 + 1)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(65537), mpint(2**8192 + 1)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(3), mpint(2**2047 + 1)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(65536), mpint(2**2047 + 1)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(65538), mpint(2**2047 + 1)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(65540), mpint(2**2047 + 1)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(2**32 + 1), mpint(2**2047 + 1)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(65537), mpint(2**2047 + 2)), "KEY_WEAK"),
        (line("ssh-rsa", mpint(65537), mpint(2**2047 + 4)), "KEY_WEAK"),
    ],
)
def test_numbers_and_points_that_make_no_sound_key_are_refused(text: str, code: str) -> None:
    assert refused(text).code == code


@pytest.mark.parametrize(("exponent", "bits"), [(65537, 2048), (65537, 8192), (2**32 - 1, 2048)])
def test_rsa_is_accepted_from_2048_to_8192_bits_with_a_sound_exponent(exponent: int, bits: int) -> None:
    assert parse_public_key(line("ssh-rsa", mpint(exponent), mpint(2 ** (bits - 1) + 1))).key_type == "ssh-rsa"


@pytest.mark.parametrize("kind", ["ssh-ed25519", "sk-ssh-ed25519@openssh.com"])
@pytest.mark.parametrize("sign", [0, 2**255], ids=["even", "odd"])
@pytest.mark.parametrize("y", [0, 1, PRIME - 1, PRIME, PRIME + 1])
def test_points_under_which_anybody_can_sign_are_refused(kind: str, y: int, sign: int) -> None:
    point = (y + sign).to_bytes(32, "little")

    assert refused(line(kind, string(point), string("ssh:"))).code == "KEY_WEAK"


def test_points_of_order_eight_are_refused() -> None:
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    orders = [y for y in _order_eight_coordinates() if (d * pow(y, 4, PRIME) + 2 * y * y - 1) % PRIME == 0]

    assert len(orders) == 2
    assert {refused(line("ssh-ed25519", string(y.to_bytes(32, "little")))).code for y in orders} == {"KEY_WEAK"}


def _order_eight_coordinates() -> list[int]:
    """Return the roots of d*y^4 + 2*y^2 - 1: the points whose double has y = 0."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    root = _square_root(1 + d)
    squares = [(-1 + sign * root) * pow(d, -1, PRIME) % PRIME for sign in (1, -1)]
    found = [candidate for square in squares for candidate in (_square_root(square), -_square_root(square) % PRIME)]
    return [y for y in found if y * y % PRIME in squares]


def _square_root(value: int) -> int:
    """Return the square root modulo 2^255-19 where there is one, else some number."""
    candidate = pow(value, (PRIME + 3) // 8, PRIME)
    return (
        candidate
        if candidate * candidate % PRIME == value % PRIME
        else candidate * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    )


@pytest.mark.parametrize("application", ["", "ssh", "https://example.com", "SSH:", "ssh\u00e9:"])
def test_a_hardware_key_for_something_else_than_ssh_is_refused(application: str) -> None:
    key = SoftKey("sk-ssh-ed25519@openssh.com", soft_key("sk-ed25519").private, application)

    assert refused(key.line).code == "KEY_INVALID"


def test_a_hardware_key_may_have_an_application_of_its_own() -> None:
    key = SoftKey("sk-ssh-ed25519@openssh.com", soft_key("sk-ed25519").private, "ssh:placet")

    assert parse_public_key(key.line).application == "ssh:placet"
