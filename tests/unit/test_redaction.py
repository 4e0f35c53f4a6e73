"""Secrets are taken out of every text that anybody is shown, by their form and by what this process was given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from placet import config
from placet.cli.output import escaped
from placet.domain.authorization.shown_token import RANDOM_BYTES, CredentialKind, make_token
from placet.web.redaction import GONE, Redactor, secrets_of

KEY = make_token(CredentialKind.KEY, bytes(range(RANDOM_BYTES)))[0]
PEM = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode("ascii")
)


@pytest.mark.parametrize(
    "secret",
    [
        KEY,
        "placet_boot_" + "0f" * 24,
        "placet_rcpt_eyJ2IjoxfQ.AAAAAAAAAAAA",
        "npm_" + "a1B2" * 9,
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2" * 9,
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "key={}", '"{}"', "KeyError: '{}'", "Authorization: Bearer {}", "https://x:{}@y"]
)
def test_what_has_the_form_of_a_secret_is_taken_out(secret: str, around: str) -> None:
    cleaned = Redactor().clean(around.format(secret))

    assert secret not in cleaned
    assert GONE in cleaned


@pytest.mark.parametrize("written", [PEM, json.dumps({"private_key": PEM}), escaped(PEM), PEM[: len(PEM) // 2]])
def test_a_private_key_is_taken_out_however_it_is_written(written: str) -> None:
    secret = PEM.splitlines()[1]

    assert secret[:40] not in Redactor().clean(f"before {written} after")


@given(st.text(min_size=6, max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_a_known_secret_is_taken_out_whatever_stands_around_it(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])

    assert secret not in redactor.clean(before + secret + after).replace(GONE, "\0")


@given(st.text(st.characters(min_codepoint=1, codec="utf-8"), min_size=8, max_size=40).filter(lambda s: s not in GONE))
def test_a_known_secret_is_taken_out_of_json_and_of_what_a_terminal_is_given(secret: str) -> None:
    redactor = Redactor([secret])

    assert json.dumps(secret)[1:-1] not in redactor.clean(json.dumps({"a": secret})).replace(GONE, "")
    assert escaped(secret) not in redactor.clean(escaped(secret)).replace(GONE, "")


def test_what_is_too_short_to_be_one_is_left() -> None:
    assert Redactor(["a", "12345"]).clean("a 12345") == "a 12345"


def test_the_settings_of_a_process_name_its_secrets(tmp_path: Path) -> None:
    settings = config.load(
        {
            "HOME": str(tmp_path),
            "PLACET_PASSPHRASE": "a passphrase",
            "PLACET_BOOTSTRAP_KEY": "a bootstrap key",
            "NPM_TOKEN": "a token",
            "MY_REGISTRY": "named by a provider",
            "AWS_SECRET_FILE": "/run/secrets/aws",
            "LANG": "C.UTF-8",
        }
    )

    found = set(secrets_of(settings, ["env:MY_REGISTRY", "file:/x"]))

    assert found == {"a passphrase", "a bootstrap key", "a token", "named by a provider"}
