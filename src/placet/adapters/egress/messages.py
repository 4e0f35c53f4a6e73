"""What goes out and comes back in one exchange, and the two ways in which it can break off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct, field

from placet.domain.values.unshown import Unshown
from placet.errors import EffectError
from placet.ports.effects import Secret

UNREACHABLE = "PROVIDER_UNREACHABLE"
AMBIGUOUS = "PROVIDER_AMBIGUOUS"
BeforeFirstByte = Callable[[], Awaitable[None]]
"""Called when the connection stands and nothing was written; what it raises stops the request."""


class NothingSentError(EffectError):
    """No byte of the request left this machine (`PROVIDER_UNREACHABLE`): sending again is safe."""


class AmbiguousError(EffectError):
    """Bytes may have been sent and no whole answer came (`PROVIDER_AMBIGUOUS`)."""


class Request(Unshown, frozen=True, kw_only=True):
    """What is sent. `path` stands below the endpoint's base path; `bearer` and `basic` are shown to nobody else.

    `basic` is user and password as RFC 7617 joins and encodes them. At most one of the two is given.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    bearer: Secret | None = None
    basic: Secret | None = None


class Caps(Struct, frozen=True, kw_only=True):
    """Limits of one exchange: seconds for all of it, of these for connecting, bytes of the answer."""

    seconds: float
    connect_seconds: float = 10.0
    answer_bytes: int = 1024 * 1024


class Answer(Unshown, frozen=True, kw_only=True):
    """A whole answer. Header names are in lower case; the body is kept out of `repr`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
