"""Addresses that are given out begin as the settings say, for each of the three services by itself (contract 1)."""

from __future__ import annotations

from support.old_client import client_with
from support.service import Service, serving

BASES = {
    "PLACET_PUBLIC_BASE_URL": "https://all.example.com/",
    "PLACET_ID_BASE_URL": "https://id.example.com",
    "PLACET_REGISTRY_BASE_URL": "https://registry.example.com",
}


def test_each_service_s_addresses_begin_with_its_own_base(service: Service, everything: str) -> None:
    shell = service.shell
    before = dict(shell.variables)
    shell.variables |= BASES
    try:
        with serving(shell) as other:
            client = client_with(other, everything)
            certificate_id, event_id = client.issue("based", "1.0.0"), client.report("based", "1.0.0")
            registered = client.register("based", "1.0.0", cert_id=certificate_id, chronicle_event_id=event_id)
            event = other.ask("GET", f"/chronicle/events/{event_id}").document
    finally:
        shell.variables = before
    shown = shell.placet("certificate", "show", certificate_id, "--json", env=BASES).json()

    assert registered.document["registry_url"] == "https://registry.example.com/registry/packages/based/1.0.0"
    assert event["chronicle_url"] == f"https://all.example.com/chronicle/events/{event_id}"
    assert shown["verify_url"] == f"https://id.example.com/v1/certificates/verify/{certificate_id}"


def test_who_did_not_say_where_clients_come_is_warned_where_they_would_find_nobody(service: Service) -> None:
    shell = service.shell
    before = dict(shell.variables)
    shell.variables |= BASES
    try:
        with serving(shell) as other:
            other.ask("GET", "/health")
            said = other.log
    finally:
        shell.variables = before

    assert "PLACET_PUBLIC_BASE_URL" in service.log
    assert "PLACET_PUBLIC_BASE_URL" not in said


def test_what_is_not_there_is_looked_for_among_its_kind(service: Service, everything: str) -> None:
    missing = service.ask("POST", "/api/v1/keys/key_AAAAAAAAAAAA/revoke", {}, key=everything)

    assert (missing.status, missing.document["next_action"]) == (404, "see what there is: placet key list")
