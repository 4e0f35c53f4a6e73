"""`placet certificate`: X.509 certificates of package versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack

import click

from placet.cli.command import FILE, WORD, Child, Command, Group
from placet.cli.files import check_new_file, read_file, write_new_file
from placet.cli.given_key import check_output, give_out
from placet.cli.installation import inside, settings, show
from placet.cli.output import Document, fields, moment, table, tell
from placet.errors import ApprovalsPendingError, DeniedError, InvalidInputError, NotFoundError, VerificationError

if TYPE_CHECKING:
    from placet.facade import AnyPlacet

_REASONS = (
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
)


@click.group(
    "certificate",
    cls=Group,
    children={
        "issue": Child(__name__, "issue", "Issue a certificate for one package version."),
        "show": Child(__name__, "show_", "Show a certificate with its chain, and where it stands."),
        "list": Child(__name__, "list_", "List the certificates of a package, or all."),
        "verify": Child(__name__, "verify", "Verify a certificate as of now: chain, validity, revocation."),
        "renew": Child(__name__, "renew", "Renew a certificate: the same package version and bytes, a new key."),
        "revoke": Child(__name__, "revoke", "Revoke a certificate."),
        "crl": Child("placet.cli.revocations", "crl", "Give out the X.509 revocation list."),
        "revocations": Child(
            "placet.cli.revocations", "revocations", "Give out the log's own signed list of revocations."
        ),
    },
)
def certificate() -> None:
    """Certificates: `placet publish` makes its own; these commands are for everything else."""


class _Key(TypedDict):
    csr: Path | None
    algorithm: str
    key_out: Path | None
    requester: str


class _Wanted(_Key):
    archive: Path | None


class _Certify(Protocol):
    async def __call__(self, request: bytes, *, made_here: bool) -> Document: ...


@click.command("issue", cls=Command, example="placet certificate issue @acme/tool@2.0.0 --key-out tool.key")
@click.argument("package", metavar="NAME@VERSION", type=WORD)
@click.option("--csr", type=FILE, help="Certify the key of this request (PEM) [default: make a key].")
@click.option(
    "--algorithm", type=click.Choice(["p256", "rsa2048"]), default="p256", show_default=True, help="The key to make."
)
@click.option("--key-out", type=FILE, help="The new file for the private key [default: standard output, once].")
@click.option("--archive", type=FILE, help="Bind it to this package as it is without a stamp [default: to no bytes].")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def issue(package: str, **wanted: Unpack[_Wanted]) -> None:
    """Issue a certificate for one package version.

    A private key that is made here is given out once and kept nowhere. Without --archive the
    certificate verifies no bytes.
    """
    request = _request(wanted)
    name, at, version = package.rpartition("@")
    if not (at and name):
        raise click.UsageError("NAME@VERSION has a name, an @ and a version: @acme/tool@1.0.0")

    async def verb(placet: AnyPlacet) -> Document:
        tar_sha256 = await _tar_sha256(wanted["archive"]) if wanted["archive"] else ""

        async def certify(request: bytes, *, made_here: bool) -> Document:
            return await placet.certificates.issue(
                name, version, request=request, made_here=made_here, tar_sha256=tar_sha256,
                requester=wanted["requester"],
            )  # fmt: skip

        return await _certified(placet, request, wanted, certify)

    give_out(inside(verb), _issued)


@click.command("renew", cls=Command, example='placet certificate renew "$CERTIFICATE" --key-out renewed.key')
@click.argument("certificate_id", metavar="ID", type=WORD)
@click.option("--csr", type=FILE, help="Certify the key of this request (PEM) [default: make a key].")
@click.option(
    "--algorithm", type=click.Choice(["p256", "rsa2048"]), default="p256", show_default=True, help="The key to make."
)
@click.option("--key-out", type=FILE, help="The new file for the private key [default: standard output, once].")
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def renew(certificate_id: str, **wanted: Unpack[_Key]) -> None:
    """Renew a certificate: the same package version and bytes, a new key.

    The old one stays until it ends, and what was published under it verifies for ever. A revoked
    or ended certificate is not renewed. The policy decides as for `certificate issue`.
    """
    request = _request(wanted)

    async def verb(placet: AnyPlacet) -> Document:
        async def certify(request: bytes, *, made_here: bool) -> Document:
            return await placet.certificates.renew(
                certificate_id, request=request, made_here=made_here, requester=wanted["requester"]
            )

        return await _certified(placet, request, wanted, certify)

    give_out(inside(verb), _issued)


@click.command("show", cls=Command, example='placet certificate show "$CERTIFICATE"')
@click.argument("certificate_id", metavar="ID", type=WORD)
def show_(certificate_id: str) -> None:
    """Show a certificate with its chain, and where it stands."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.certificates.show(certificate_id)

    show(inside(verb), _shown)


@click.command("list", cls=Command, example="placet certificate list @acme/tool")
@click.argument("package", metavar="[NAME[@VERSION]]", type=WORD, default="")
def list_(package: str) -> None:
    """List the certificates of a package, or all."""

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.certificates.list(package)

    show(inside(verb), _listed)


@click.command("verify", cls=Command, example='placet certificate verify "$CERTIFICATE"')
@click.argument("certificate_id", metavar="ID", type=WORD)
def verify(certificate_id: str) -> None:
    """Verify a certificate as of now: chain, validity, revocation.

    A valid certificate says nothing about bytes; `placet verify` does.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.certificates.verify(certificate_id)

    verdict = inside(verb)
    show(verdict, _verified)
    if not verdict["valid"]:
        hint = f"do not rely on it; see what it is about: placet certificate show {certificate_id}"
        raise VerificationError(verdict["error"], verdict["message"], hint=hint)


@click.command("revoke", cls=Command, example='placet certificate revoke "$OTHER_CERTIFICATE" --reason superseded')
@click.argument("certificate_id", metavar="ID", type=WORD)
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why.")
@click.option(
    "--invalid-since",
    type=WORD,
    default="",
    metavar="TIME",
    help="From when on its signatures do not count, as 2026-01-31T12:00:00.000Z [default: now].",
)
@click.option("--as", "requester", type=WORD, default="", metavar="PRINCIPAL", help="Who asks.")
def revoke(certificate_id: str, reason: str, invalid_since: str, requester: str) -> None:
    """Revoke a certificate.

    What was published before --invalid-since stays good; what was published since does not verify
    any more. Revoking again leaves the first revocation as it is, unless more
    becomes void by it: an earlier time.
    """

    async def verb(placet: AnyPlacet) -> Document:
        return await placet.certificates.revoke(
            certificate_id, reason=reason, invalid_since=invalid_since, requester=requester
        )

    show(inside(verb), _revoked)


def _request(wanted: _Key) -> bytes | None:
    """Return the request that was given, None where a key is to be made and can be written."""
    if wanted["csr"] and wanted["key_out"]:
        raise click.UsageError("--key-out is for a key that is made here, and --csr brings its own")
    if wanted["key_out"]:
        check_new_file(wanted["key_out"])
    elif not wanted["csr"]:
        check_output()
    return read_file(wanted["csr"]) if wanted["csr"] else None


async def _certified(placet: AnyPlacet, request: bytes | None, wanted: _Key, certify: _Certify) -> Document:
    """Return what `certify` issued, with the private key that was made for it, unless that is in a file."""
    private_key = ""
    made_here = request is None
    if request is None:
        secret, request = placet.certificates.make_key(wanted["algorithm"])
        private_key = secret.reveal()
    if wanted["key_out"]:
        write_new_file(wanted["key_out"], private_key.encode(), mode=0o600)
    try:
        issued = await certify(request, made_here=made_here)
    except ApprovalsPendingError as error:
        if private_key and not wanted["key_out"]:
            raise _key_lost(error) from error
        raise
    except (DeniedError, InvalidInputError, NotFoundError):
        if wanted["key_out"]:  # the key was made for nothing
            wanted["key_out"].unlink(missing_ok=True)
        raise
    return {**issued, "private_key": "" if wanted["key_out"] else private_key}


async def _tar_sha256(archive: Path) -> str:
    from placet.facade import Packages  # noqa: PLC0415 - help needs none of it

    return str((await Packages(settings()).inspect(archive))["tarball_hash"]).removeprefix("sha256:")


def _key_lost(error: ApprovalsPendingError) -> ApprovalsPendingError:
    hint = "the key that was made for it is gone: deny this run, and ask again with --key-out FILE or --csr FILE"
    return ApprovalsPendingError(error.code, error.message, hint=hint)


def _issued(issued: Document) -> Iterator[str]:
    yield f"Certificate {issued['cert_id']} is issued."
    yield ""
    yield from _facts(issued)
    yield ""
    yield from issued["pem"].splitlines()
    if issued["private_key"]:
        tell("This is the private key, shown once and kept nowhere:")
        yield from issued["private_key"].splitlines()


def _shown(shown: Document) -> Iterator[str]:
    yield f"Certificate {shown['cert_id']} is {shown['status']}."
    yield ""
    yield from _facts(shown)
    yield ""
    yield from (shown["pem"] + shown["chain"]).splitlines()


def _revoked(shown: Document) -> Iterator[str]:
    yield f"Certificate {shown['cert_id']} is {shown['status']}."
    yield ""
    yield from _facts(shown)


def _facts(shown: Document) -> Iterator[str]:
    revocation = shown["revocation"]
    yield from fields(
        [
            ("package", f"{shown['subject']['package_name']}@{shown['subject']['version']}"),
            ("name", shown["chitty_id"]),
            ("fingerprint", shown["fingerprint"]),
            ("archive", f"tar sha256 {shown['tar_sha256']}" if shown["tar_sha256"] else "bound to no bytes"),
            ("valid", f"{moment(shown['issued_at'])} to {moment(shown['expires_at'])}"),
            ("run", shown["run_id"]),
            ("receipt", shown["receipt_id"]),
            ("renews", shown["renews"]),
            ("revoked", f"{moment(revocation['revoked_at'])}, {revocation['reason']}" if revocation else ""),
            ("counts until", moment(revocation["invalid_since"]) if revocation else ""),
        ]
    )


def _listed(found: Document) -> Iterator[str]:
    rows = [
        (
            each["cert_id"],
            each["status"],
            moment(each["expires_at"]),
            f"{each['subject']['package_name']}@{each['subject']['version']}",
            each["renews"],
        )
        for each in found["certificates"]
    ]
    if rows:
        yield from table([("CERTIFICATE", "STATUS", "ENDS", "PACKAGE", "RENEWS"), *rows], indent=0)
    else:
        tell("there are no such certificates")


def _verified(verdict: Document) -> Iterator[str]:
    shown = verdict["certificate"]
    yield f"Certificate {shown['cert_id']} is {'valid' if verdict['valid'] else 'NOT valid'}."
    yield ""
    yield from table((each["check"], each["result"], each["detail"]) for each in verdict["checks"])
    yield ""
    yield f"  recorded as entry {verdict['ledger']['index']} of the ledger"
