"""The list of commands, and what happens around each: failures become a message and an exit code, never a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click

from placet import __version__
from placet.cli.command import Child, Group
from placet.cli.failures import (
    EXIT_CODES,
    INTERRUPTED,
    PIPE_CLOSED,
    USAGE,
    report_bug,
    report_failure,
    report_usage,
)
from placet.cli.output import OutputClosedError, tell
from placet.errors import PlacetError, UnavailableError

COMMANDS = {
    "init": Child("placet.cli.init", "init", "Make a new installation."),
    "publish": Child("placet.cli.publish", "publish", "Publish a package under authorization."),
    "approve": Child("placet.cli.approve", "approve", "Approve the plan of a run, with your SSH key."),
    "deny": Child("placet.cli.approve", "deny", "Deny what a run wants, or take a denial back."),
    "verify": Child("placet.cli.verify", "verify", "Verify a package, a published version or a bundle, offline."),
    "reconcile": Child("placet.cli.reconcile", "reconcile", "Look up every effect that is in doubt; send nothing."),
    "doctor": Child(
        "placet.cli.doctor",
        "doctor",
        "Examine this installation, and say what to do next.",
    ),
    "serve": Child("placet.cli.serve", "serve", "Serve this installation over HTTP."),
    "demo": Child("placet.cli.demo", "demo", "See all of it in a loopback world, and eight attacks on it."),
    "run": Child("placet.cli.run", "run", "Runs: list, show, audit, resume, evidence."),
    "plan": Child("placet.cli.plan", "plan", "Plans: create from a file, show what approvers are shown."),
    "search": Child("placet.cli.search", "search", "Find packages, certificates, events, receipts and runs."),
    "provider": Child("placet.cli.provider", "provider", "Providers: where packages are published."),
    "storage": Child("placet.cli.storage", "storage", "Object stores: check what they keep."),
    "principal": Child("placet.cli.principal", "principal", "Principals: who may ask and who may approve."),
    "issuer": Child("placet.cli.issuer", "issuer", "Issuers: where people may sign in."),
    "session": Child("placet.cli.session", "session", "Sessions: who is signed in."),
    "key": Child("placet.cli.key", "key", "API keys: create, list, rotate, revoke."),
    "freeze": Child("placet.cli.freeze", "freeze", "Freezes: stop publishing, and let it go on."),
    "break-glass": Child("placet.cli.break_glass", "break_glass", "Break-glass: waive approvals or a freeze by name."),
    "policy": Child("placet.cli.policy", "policy", "Policy: check, show, activate, example."),
    "certificate": Child("placet.cli.certificate", "certificate", "Certificates: issue, show, list, verify, revoke."),
    "receipt": Child("placet.cli.receipt", "receipt", "Receipts: show, revoke."),
    "ledger": Child("placet.cli.ledger", "ledger", "The ledger: verify, show, prove, anchor."),
    "package": Child("placet.cli.package", "package", "Packages: inspect, stamp, unstamp."),
}


class Root(Group):
    """`placet` itself: its help ends with the exit codes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own
        """Write the exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


@click.group(cls=Root, children=COMMANDS, context_settings={"max_content_width": 100})
@click.version_option(__version__, message="placet %(version)s")
def root() -> None:
    """Nothing is published without a yes: plan, approve, authorise, perform, record and verify publications."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    _steady_streams()
    try:
        return _run(arguments)
    finally:
        _let_go_of_output()


def _run(arguments: Sequence[str]) -> int:
    try:
        outcome = root.main(arguments, prog_name="placet", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        tell(*error.format_message().splitlines())
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        tell("", "interrupted")
        return INTERRUPTED
    except OutputClosedError:
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last stop: what nobody foresaw is shown as a bug
        return _report(error, as_json="--json" in arguments)
    return outcome if isinstance(outcome, int) else 0


def _report(error: Exception, *, as_json: bool) -> int:
    if isinstance(error, click.ClickException):
        return report_usage(error, as_json=as_json)
    if isinstance(error, PlacetError):
        return report_failure(error, as_json=as_json)
    if isinstance(error, OSError):
        return report_failure(_of_the_system(error), as_json=as_json)
    from placet.config import is_debugging  # noqa: PLC0415 - help needs no settings

    return report_bug(error, as_json=as_json, debugging=is_debugging())


def _of_the_system(error: OSError) -> UnavailableError:
    """Return what a refusal of the operating system that nobody expected means: no bug, but nothing works."""
    what = f" ({error.filename!a})" if error.filename else ""
    hint = "make room on the disk" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return UnavailableError("SYSTEM_REFUSED", f"the system refused: {error.strerror or error}{what}", hint=hint)


def _steady_streams() -> None:
    """Make both streams writable, whatever the locale, and even where the caller closed one."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as we run
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _let_go_of_output() -> None:
    """Drop what could not be written, so that the interpreter does not try again when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
