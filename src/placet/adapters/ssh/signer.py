"""Signs approvals by `ssh-keygen -Y sign`: keys in files, in an agent, and in hardware tokens."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from placet.adapters.ssh.key_file import read_public_key_file
from placet.domain.authorization.approval import NAMESPACE
from placet.domain.encoding.ssh_public_key import SshPublicKey, parse_public_key
from placet.domain.encoding.sshsig import normalize, unarmor
from placet.errors import ConfigurationError, PlacetError

_PASSED_ON = ("PATH", "HOME", "USER", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
_PASSED_ON_PREFIX = "SSH_"
_LIMIT_TEXT = 300
_PRIVATE = b"-----BEGIN"
_OTHERS = 0o077
_NAME_ONE = "name your SSH key, for example ~/.ssh/id_ed25519; ssh-keygen -t ed25519 makes one"
_HINT = (
    "check that the key is yours and readable by you alone (chmod 600), or loaded in ssh-agent (ssh-add -l); "
    "a key with a passphrase needs a terminal or an agent"
)


class OpenSshSigner:
    """Runs `ssh-keygen`, which asks for passphrase or touch on the terminal itself.

    It sees only the variables that OpenSSH needs, no credential of ours, and is stopped after
    `timeout_seconds`.
    """

    def __init__(self, environment: Mapping[str, str], *, timeout_seconds: float = 120.0) -> None:
        """Take the environment as the configuration read it."""
        self._environment = {
            name: value
            for name, value in environment.items()
            if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIX)
        }
        self._timeout_seconds = timeout_seconds

    async def public_key(self, key_path: Path) -> SshPublicKey:
        """Return the public half; see the port."""
        return await asyncio.to_thread(self._public_key, key_path)

    async def sign(self, content: bytes, key_path: Path) -> bytes:
        """Return the SSHSIG blob; see the port."""
        return await asyncio.to_thread(self._sign, content, key_path)

    def _public_key(self, key_path: Path) -> SshPublicKey:
        if key_path.suffix == ".pub":
            return read_public_key_file(key_path)
        beside = key_path.with_name(key_path.name + ".pub")
        if beside.exists():
            return read_public_key_file(beside)
        try:
            derived = self._run(["-y", "-f", str(key_path)], b"")
        except ConfigurationError as error:
            raise ConfigurationError("KEY_FILE_UNREADABLE", error.message, hint=error.hint) from error
        return parse_public_key(derived.decode("ascii", errors="backslashreplace"))

    def _sign(self, content: bytes, key_path: Path) -> bytes:
        armored = self._run(["-Y", "sign", "-f", str(key_path), "-n", NAMESPACE], content)
        try:
            return normalize(unarmor(armored.decode("ascii", errors="backslashreplace")))
        except PlacetError as error:
            raise _failure(error.message, hint=error.hint or _HINT) from error

    def _run(self, arguments: Sequence[str], content: bytes) -> bytes:
        program = shutil.which("ssh-keygen", path=self._environment.get("PATH"))
        if program is None:
            raise _failure("ssh-keygen is not on this machine", hint="install the OpenSSH client")
        try:
            # The content is the whole standard input, so that a prompt without a terminal ends at once.
            done = subprocess.run(  # noqa: S603 - a fixed program, and no shell reads the arguments
                [program, *arguments],
                input=content,
                capture_output=True,
                env=self._environment,
                timeout=self._timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            waited = f"{self._timeout_seconds:g} seconds"
            raise _failure(f"ssh-keygen did not end within {waited}: passphrase or touch still missing") from error
        except (OSError, ValueError) as error:
            raise _failure("ssh-keygen could not be run") from error
        if done.returncode != 0:
            raise _refusal(Path(arguments[arguments.index("-f") + 1]), done.stderr)
        return done.stdout


def _refusal(key_path: Path, said: bytes) -> ConfigurationError:
    """Return why a key does not sign: what its file shows where that explains it, else what `ssh-keygen` said."""
    try:
        with key_path.open("rb") as file:
            first, mode = file.read(len(_PRIVATE)), os.fstat(file.fileno()).st_mode
    except OSError as error:
        return _failure(f"the key {str(key_path)!a} cannot be read ({error.strerror})", hint=_NAME_ONE)
    if key_path.suffix != ".pub" and first != _PRIVATE:
        return _failure(f"{str(key_path)!a} holds no SSH key", hint=_NAME_ONE)
    if first == _PRIVATE and stat.S_IMODE(mode) & _OTHERS:
        return _failure(
            f"others than you can read or write the private key {str(key_path)!a}, so it is not used",
            hint="take their rights away: chmod 600 on the key; make a new one if somebody may have read it",
        )
    return _failure(f"ssh-keygen: {_readable(said)}")


def _readable(said: bytes) -> str:
    """Return the words of an error, without frames, prompts' line breaks or control characters."""
    text = said.decode("ascii", errors="backslashreplace").replace("@", " ")
    return "".join(each for each in " ".join(text.split()) if each.isprintable())[:_LIMIT_TEXT] or "no reason given"


def _failure(message: str, *, hint: str = _HINT) -> ConfigurationError:
    return ConfigurationError("SIGNING_FAILED", message, hint=hint)
