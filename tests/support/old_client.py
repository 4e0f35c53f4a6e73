"""What a client of the replaced services does: issue, report an event, register, change the status."""

from __future__ import annotations

from msgspec import Struct

from support.service import Reply, Service

ISSUE = "/v1/certificates/issue"
EVENTS = "/chronicle/events"
REGISTER = "/registry/api/packages/register"


class OldClient(Struct, frozen=True, kw_only=True):
    """One client; each of its three keys has what it needs for one service, unless one is given for all."""

    service: Service
    issuing: str
    reporting: str
    registering: str

    def issue(self, package: str, version: str) -> str:
        """Issue a certificate and return its id."""
        body = {"type": "package", "package_name": package, "version": version}
        issued = self.service.ask("POST", ISSUE, body, key=self.issuing)
        assert issued.status == 201, issued.content
        return str(issued.document["cert_id"])

    def report(self, package: str, version: str, event_type: str = "package.published") -> str:
        """Report an event and return its id."""
        body = {"event_type": event_type, "package": package, "version": version}
        reported = self.service.ask("POST", EVENTS, body, key=self.reporting)
        assert reported.status == 201, reported.content
        return str(reported.document["event_id"])

    def register(self, package: str, version: str, **members: object) -> Reply:
        """Register a version, with a certificate and an event of its own unless they are given."""
        body = {
            "package_name": package,
            "version": version,
            "cert_id": members.pop("cert_id", None) or self.issue(package, version),
            "chronicle_event_id": members.pop("chronicle_event_id", None) or self.report(package, version),
            **members,
        }
        return self.service.ask("POST", REGISTER, body, key=self.registering)

    def set_status(self, package: str, version: str, status: str, reason: str = "because") -> Reply:
        """Report another status."""
        path = f"/registry/packages/{package}/{version}/status"
        return self.service.ask("PUT", path, {"status": status, "reason": reason}, key=self.registering)

    def show(self, package: str, version: str) -> Reply:
        """Look a registration up, as anybody may."""
        return self.service.ask("GET", f"/registry/packages/{package}/{version}")


def client_with(service: Service, key: str) -> OldClient:
    """Return a client that has one key for everything."""
    return OldClient(service=service, issuing=key, reporting=key, registering=key)
