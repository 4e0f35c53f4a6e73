"""Reading an OpenSSH public key file."""

from __future__ import annotations

from pathlib import Path

from placet.domain.encoding.ssh_public_key import SshPublicKey, parse_public_key
from placet.errors import ConfigurationError, InvalidInputError

_LIMIT_BYTES = 8192


def read_public_key_file(path: Path) -> SshPublicKey:
    """Return the one key that the file at `path` holds.

    Raise `ConfigurationError` (`KEY_FILE_UNREADABLE`) where it cannot be read, and
    `InvalidInputError` (`KEY_INVALID`, `KEY_WEAK`) where it holds anything else than one key that
    is accepted. A private key is named as such and none of it is shown.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        raise ConfigurationError(
            "KEY_FILE_UNREADABLE",
            f"the public key {str(path)!a} cannot be read ({reason})",
            hint="name the .pub file of an SSH key; ssh-keygen -y -f KEY > KEY.pub writes a missing one",
        ) from error
    if content.startswith(b"-----BEGIN"):
        raise InvalidInputError(
            "KEY_INVALID", f"{str(path)!a} holds a private key", hint="name the .pub file beside it; keep this one"
        )
    try:
        return parse_public_key(content.decode("ascii", errors="backslashreplace"))
    except InvalidInputError as error:
        raise InvalidInputError(error.code, f"{error.message} ({str(path)!a})", hint=error.hint) from error
