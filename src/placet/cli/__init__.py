"""The command line: translates between people and the façade, and decides nothing.

Data goes to standard output, everything else to standard error. Nothing heavy is imported before
it is needed: `placet --version` imports nothing at all, `placet --help` no cryptography.
"""

from __future__ import annotations

import sys

from placet import __version__


def main() -> int:
    """Run the command that this process was started with, and return its exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"placet {__version__}\n")
        return 0
    try:
        from placet.cli.program import run  # noqa: PLC0415 - the version is told without importing click
    except KeyboardInterrupt:
        return 130
    return run(sys.argv[1:])
