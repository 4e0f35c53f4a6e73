"""The two cookies of people who sign in, and the proof that a request came from our own pages.

Both are the browser's alone: scripts never see them, no other host is sent them, and over https
none can plant them (`__Host-`). A cookie goes with whatever a browser sends here, also from a page
of somebody else: so what changes anything has to show where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from placet.errors import DeniedError

SIGN_IN, SESSION = "placet_sign_in", "placet_session"
SIGN_IN_SECONDS = 600
_READING = ("GET", "HEAD")


class Cookies(Struct, frozen=True, kw_only=True):
    """Cookies of a service that browsers reach at `base_url`."""

    base_url: str

    def shown(self, name: str, headers: Mapping[str, str]) -> str:
        """Return the value of our cookie `name` in a request, empty where it has none or several."""
        ours = self._name(name)
        pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
        values = [value for key, _, value in pairs if key == ours]
        return values[0] if len(values) == 1 else ""

    def set(self, name: str, value: str, seconds: int) -> str:
        """Return the header that makes a browser keep `value` under `name` for so long."""
        secure = "; Secure" if self._secure else ""
        return f"{self._name(name)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"

    def drop(self, name: str) -> str:
        """Return the header that makes a browser forget `name`."""
        return self.set(name, "", 0)

    def check_own_page(self, method: str, headers: Mapping[str, str]) -> None:
        """Return where a request that its cookie vouches for only reads, or comes from a page of this service.

        Browsers say so in `Sec-Fetch-Site`, older ones in `Origin`. Raise `DeniedError` (`CROSS_SITE`)
        for any other page, also of a neighbouring host, and where nothing is said.
        """
        if method in _READING:
            return
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if not (site == "same-origin" if site is not None else origin == self._origin):
            raise DeniedError(
                "CROSS_SITE",
                "the request comes from a page of somebody else, or does not say where it comes from",
                hint="send it from a page of this service, or show a key in a header instead of the cookie",
            )

    @property
    def _secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def _origin(self) -> str:
        return "/".join(self.base_url.split("/")[:3])

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else name
