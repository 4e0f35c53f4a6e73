"""Certificates: issued for a request or with a key made once, verified, revoked."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from support.shell import Shell

pytestmark = pytest.mark.needs("openssl")


def openssl(*arguments: str | Path, cwd: Path) -> str:
    return subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_a_key_that_is_made_is_written_once_for_its_owner_alone(trial: Shell) -> None:
    ran = trial.done("certificate", "issue", "@acme/made@1.0.0", "--key-out", "made.key", "--json")
    again = trial.placet("certificate", "issue", "@acme/made@1.0.0", "--key-out", "made.key")
    (trial.place / "made.pem").write_text(ran.json()["pem"])
    of_key = openssl("pkey", "-in", "made.key", "-pubout", cwd=trial.place)
    of_certificate = openssl("x509", "-in", "made.pem", "-pubkey", "-noout", cwd=trial.place)

    assert stat.S_IMODE((trial.place / "made.key").stat().st_mode) == 0o600
    assert ran.json()["private_key"] == ""
    assert "PRIVATE" not in ran.out
    assert of_key == of_certificate
    assert (again.code, "error: FILE_UNWRITABLE: " in again.err) == (1, True)


@pytest.mark.parametrize(("algorithm", "said"), [("p256", "prime256v1"), ("rsa2048", "(2048 bit")])
def test_a_key_without_a_file_is_printed_once_and_is_of_the_algorithm(trial: Shell, algorithm: str, said: str) -> None:
    document = trial.done("certificate", "issue", "@acme/printed@1.0.0", "--algorithm", algorithm, "--json").json()
    (trial.place / "printed.key").write_text(document["private_key"])

    assert said in openssl("pkey", "-in", "printed.key", "-noout", "-text", cwd=trial.place)
    assert "private_key" not in trial.done("certificate", "show", document["cert_id"], "--json").json()


def test_the_key_of_a_request_is_certified_and_openssl_accepts_the_chain(trial: Shell) -> None:
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=x",
            cwd=trial.place)  # fmt: skip

    document = trial.done("certificate", "issue", "@acme/own@1.0.0", "--csr", "own.csr", "--json").json()
    (trial.place / "own.pem").write_text(document["pem"])
    (trial.place / "chain.pem").write_text(document["chain"])
    verified = openssl("verify", "-CAfile", "chain.pem", "own.pem", cwd=trial.place)

    assert verified == "own.pem: OK\n"
    assert document["private_key"] == ""
    assert document["subject"] == {
        "package_name": "@acme/own",
        "version": "1.0.0",
        "common_name": document["cert_id"],
    }


def test_a_certificate_is_bound_to_the_package_that_is_named(trial: Shell) -> None:
    bound = trial.done(
        "certificate", "issue", "@acme/tool@4.0.0", "--archive", "my-package", "--key-out", "bound.key", "--json"
    ).json()
    inspected = trial.done("package", "inspect", "my-package", "--json").json()

    assert f"sha256:{bound['tar_sha256']}" == inspected["tarball_hash"]


def test_a_certificate_that_certifies_nothing_leaves_no_key_behind(trial: Shell) -> None:
    ran = trial.placet("certificate", "issue", "@acme/to ol@1.0.0", "--key-out", "orphan.key")

    assert ran.code == 1
    assert not (trial.place / "orphan.key").exists()


def test_a_revoked_certificate_does_not_verify_and_the_first_revocation_stands(trial: Shell) -> None:
    certificate_id = trial.done("certificate", "issue", "@acme/gone@1.0.0", "--key-out", "gone.key", "--json").json()[
        "cert_id"
    ]
    good = trial.done("certificate", "verify", certificate_id)

    first = trial.done("certificate", "revoke", certificate_id, "--reason", "key_compromise", "--json").json()
    second = trial.done("certificate", "revoke", certificate_id, "--reason", "superseded", "--json").json()
    bad = trial.placet("certificate", "verify", certificate_id, "--json")

    assert good.out.startswith(f"Certificate {certificate_id} is valid.\n")
    assert first["revocation"]["reason"] == "key_compromise"
    assert second["revocation"] == first["revocation"]
    assert (bad.code, bad.error()["code"]) == (5, "CERTIFICATE_REVOKED")
    assert bad.json()["checks"][2] == {
        "check": "revocation",
        "result": "fail",
        "detail": bad.error()["message"],
    }


def test_what_was_published_before_invalid_since_verifies_and_what_was_since_does_not(published: Shell) -> None:
    verdict = published.done("verify", "@acme/tool@1.0.0", "--json").json()
    revoke = ("certificate", "revoke", verdict["certificate_id"], "--reason", "key_compromise")

    bad_time = published.placet(*revoke, "--invalid-since", "yesterday")
    published.done(*revoke, "--invalid-since", verdict["published_at"])
    afterwards = published.placet("verify", "@acme/tool@1.0.0", "--json")
    kept = published.placet("verify", "evidence.json", "--json")
    elsewhere = published.done(
        "verify", "evidence.json", "--trust-root", "home/trust-root.json", "--json", env={"PLACET_SEEN": "other"}
    )

    assert (bad_time.code, "error: TIME_INVALID: " in bad_time.err) == (1, True)
    assert (afterwards.code, afterwards.error()["code"]) == (5, "CERTIFICATE_REVOKED")
    assert afterwards.json()["steps"]["revocation"] == "fail"
    assert (kept.code, kept.error()["code"]) == (5, "CERTIFICATE_REVOKED")
    assert elsewhere.json()["revocations_known_to"] < afterwards.error()["message"].split("revoked at ")[1]


def test_certificates_are_listed_by_package(published: Shell) -> None:
    every = published.done("certificate", "list", "--json").json()
    one = published.done("certificate", "list", "@acme/tool@1.0.0", "--json").json()
    none = published.done("certificate", "list", "@acme/unheard-of")

    assert every["total"] >= one["total"] == 1
    assert one["certificates"][0]["subject"]["version"] == "1.0.0"
    assert (none.out, none.err) == ("", "there are no such certificates\n")


def test_a_key_that_waits_for_approvals_in_memory_only_is_named_as_gone(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.done("init", "--profile", "trial")
    (tmp_path / "strict.toml").write_text("""\
version = "strict"
[groups.all]
members = ["person:alice"]
[[rule]]
operations = ["issue_certificate"]
subjects   = ["core:**"]
requesters = ["person:local"]
approvals  = [{ group = "all", count = 1, assurance = 2 }]
""")
    shell.done("policy", "activate", "strict.toml")

    gone = shell.placet("certificate", "issue", "@acme/tool@1.0.0")
    kept = shell.placet("certificate", "issue", "@acme/tool@1.0.0", "--key-out", "kept.key")

    assert (gone.code, "the key that was made for it is gone" in gone.err) == (4, True)
    assert (kept.code, (tmp_path / "kept.key").exists()) == (4, True)


def test_openssl_accepts_the_revocation_list_and_refuses_what_it_names(trial: Shell) -> None:
    revoked, good = (
        trial.done("certificate", "issue", f"@acme/{name}@1.0.0", "--key-out", f"crl-{name}.key", "--json").json()
        for name in ("named", "unnamed")
    )
    trial.done("certificate", "revoke", revoked["cert_id"], "--reason", "key_compromise",
               "--invalid-since", "2026-01-31T12:00:00.000Z")  # fmt: skip
    made = trial.done("certificate", "crl", "--out", "leaf.crl", "--json").json()
    trial.done("certificate", "crl", "--out", "leaf.crl.pem", "--pem")
    (trial.place / "root.crl.pem").write_text(trial.done("certificate", "crl", "--issuer", "root", "--pem").out)
    (trial.place / "crl-chain.pem").write_text(good["chain"])
    for name, each in (("named", revoked), ("unnamed", good)):
        (trial.place / f"{name}.pem").write_text(each["pem"])

    text = openssl("crl", "-in", "leaf.crl", "-inform", "DER", "-noout", "-text", cwd=trial.place)
    verified = [
        subprocess.run(
            ["openssl", "crl", "-in", name, "-CAfile", "crl-chain.pem", "-noout", "-verify"],
            cwd=trial.place, capture_output=True, text=True, check=True,
        ).stderr
        for name in ("leaf.crl.pem", "root.crl.pem")
    ]  # fmt: skip
    judged = {
        name: subprocess.run(
            ["openssl", "verify", "-x509_strict", "-crl_check_all", "-CRLfile", "leaf.crl.pem",
             "-CRLfile", "root.crl.pem", "-CAfile", "crl-chain.pem", f"{name}.pem"],
            cwd=trial.place, capture_output=True, text=True, check=False,
        )
        for name in ("named", "unnamed")
    }  # fmt: skip

    assert verified == ["verify OK\n"] * 2
    assert "Key Compromise" in text
    assert "Invalidity Date: \n                Jan 31 12:00:00 2026 GMT" in text
    assert f"X509v3 CRL Number: \n                {made['number']}" in text
    assert (judged["unnamed"].returncode, judged["unnamed"].stdout) == (0, "unnamed.pem: OK\n")
    assert "certificate revoked" in judged["named"].stderr


def test_the_list_has_the_name_under_which_certificates_say_it_is_served(trial: Shell) -> None:
    issued = trial.done("certificate", "issue", "@acme/point@1.0.0", "--json").json()
    (trial.place / "point.pem").write_text(issued["pem"])
    (trial.place / "served").mkdir()

    made = trial.done("certificate", "crl", "--out", "served", "--json").json()
    point = openssl("x509", "-in", "point.pem", "-noout", "-ext", "crlDistributionPoints", cwd=trial.place)

    assert made["url"] in point
    assert made["url"].endswith(f"/crl/{made['file_name']}")
    assert made["out"] == f"served/{made['file_name']}"
    assert [each.name for each in (trial.place / "served").iterdir()] == [made["file_name"]]


def test_a_list_replaces_an_older_list_and_nothing_else(trial: Shell) -> None:
    issued = trial.done("certificate", "issue", "@acme/replaced@1.0.0", "--json").json()
    (trial.place / "precious.txt").write_text("precious")
    trial.done("certificate", "crl", "--out", "renewed.crl")
    before = (trial.place / "renewed.crl").read_bytes()
    trial.done("certificate", "revoke", issued["cert_id"], "--reason", "superseded")

    trial.done("certificate", "crl", "--out", "renewed.crl")
    refused = trial.placet("certificate", "crl", "--out", "precious.txt")

    assert (trial.place / "renewed.crl").read_bytes() != before
    assert (refused.code, "error: FILE_UNWRITABLE: " in refused.err) == (1, True)
    assert (trial.place / "precious.txt").read_text() == "precious"


def test_a_renewed_certificate_has_a_new_key_and_the_old_one_and_what_it_published_stay(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.done("init", "--profile", "trial")
    shell.package()
    first = shell.done("certificate", "issue", "@acme/tool@1.0.0", "--archive", "my-package", "--json").json()
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.csr", "-subj", "/",
            cwd=tmp_path)  # fmt: skip

    made = shell.done("certificate", "renew", first["cert_id"], "--key-out", "renewed.key", "--json").json()
    own = shell.done("certificate", "renew", made["cert_id"], "--csr", "own.csr", "--json").json()
    same_key = shell.placet("certificate", "renew", first["cert_id"], "--csr", "own.csr", "--json")
    shell.done("certificate", "revoke", made["cert_id"], "--reason", "key_compromise")
    refused = shell.placet("certificate", "renew", made["cert_id"], "--key-out", "none.key", "--json")
    listed = shell.done("certificate", "list", "@acme/tool", "--json").json()["certificates"]

    assert (made["tar_sha256"], made["renews"]) == (first["tar_sha256"], first["cert_id"])
    assert (own["tar_sha256"], own["renews"], own["private_key"]) == (first["tar_sha256"], made["cert_id"], "")
    assert same_key.code != 0
    assert (refused.code, refused.error()["code"]) == (3, "CERTIFICATE_REVOKED")
    assert not (tmp_path / "none.key").exists()
    assert [(each["cert_id"], each["status"]) for each in listed] == [
        (first["cert_id"], "active"),
        (made["cert_id"], "revoked"),
        (own["cert_id"], "active"),
    ]
