from __future__ import annotations

import logging
from pathlib import Path

import pytest

from placet.adapters.credentials.named import NamedCredentials
from placet.errors import ConfigurationError
from placet.ports.effects import Provider


def of(credential: str, **environment: str) -> str | None:
    provider = Provider(provider_id="npm", kind="npm", url="https://registry.example.com", credential=credential)
    secret = NamedCredentials(environment).of(provider)
    return secret.reveal() if secret else None


def code_of(credential: str, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        of(credential, **environment)
    return caught.value.code


def private_file(folder: Path, content: bytes) -> Path:
    file = folder / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    return file


def test_a_record_without_a_credential_has_none() -> None:
    assert of("") is None


def test_a_variable_is_read_by_its_name() -> None:
    assert of("env:NPM_TOKEN", NPM_TOKEN="word", OTHER="other") == "word"


@pytest.mark.parametrize("content", [b"word", b"word\n", b"word\r\n"])
def test_a_file_is_read_without_the_line_break_at_its_end(content: bytes, tmp_path: Path) -> None:
    assert of(f"file:{private_file(tmp_path, content)}") == "word"


def test_what_is_not_set_or_empty_is_missing(tmp_path: Path) -> None:
    codes = {code_of("env:NPM_TOKEN"), code_of("env:NPM_TOKEN", NPM_TOKEN=""), code_of("env:NPM_TOKEN", NPM_TOKEN="\n")}
    codes |= {code_of(f"file:{tmp_path / 'gone'}"), code_of(f"file:{private_file(tmp_path, b'')}")}
    codes |= {code_of(f"file:{tmp_path}")}

    assert codes == {"CREDENTIAL_MISSING"}


@pytest.mark.parametrize(
    "credential",
    ["NPM_TOKEN", "env:", "env:A B", "env:A=B", "file:relative", "file:", "vault:secret/npm", "word", "env:\u00c4"],
)
def test_a_name_in_another_form_is_invalid(credential: str) -> None:
    assert code_of(credential) == "CREDENTIAL_INVALID"


@pytest.mark.parametrize("content", [b"two words", b"a\nb", b"\xff\xfe", b"caf\xc3\xa9", b"x" * 9000])
def test_what_is_not_one_word_is_invalid(content: bytes, tmp_path: Path) -> None:
    assert code_of(f"file:{private_file(tmp_path, content)}") == "CREDENTIAL_INVALID"


def test_a_file_that_others_can_read_is_used_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = private_file(tmp_path, b"word")
    with caplog.at_level(logging.WARNING):
        quiet = (of(f"file:{file}"), caplog.text)
        file.chmod(0o644)
        loud = (of(f"file:{file}"), "0600" in caplog.text)

    assert (quiet, loud) == (("word", ""), ("word", True))
