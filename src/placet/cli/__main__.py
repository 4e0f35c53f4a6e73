"""Runs the command line as `python -m placet.cli`."""

from __future__ import annotations

import sys

from placet.cli import main

if __name__ == "__main__":
    sys.exit(main())
