"""What each kind of operation demands of its params, before anybody is asked to approve them (protocol 5).

The one place where a kind's params are judged: whoever plans operations that they did not make
themselves calls `check_params`. The kinds without a reader here take none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from placet.domain.authorization.operation import Operation
from placet.domain.encoding.record import Record
from placet.domain.values.kinds import OperationKind
from placet.errors import InvalidInputError

_CODE = "PLAN_INVALID"


def check_params(operation: Operation, contents: Mapping[str, bytes]) -> None:  # noqa: ARG001 - for kinds with texts
    """Return only where the params are what the operation's kind takes; raise `InvalidInputError` otherwise.

    `contents` are the artifacts that whoever plans has given, by name; not those that are yet to be made.
    """
    read = _READERS.get(operation.operation_kind)
    if read is not None:
        read(operation)


def _publication(operation: Operation) -> None:
    record = Record(dict(operation.params), what="params of publish_package", code=_CODE)
    record.text("dist_tag", r"[!-~]{1,128}")
    record.text("access", "public|restricted|")
    record.end()


def _object(operation: Operation) -> None:
    record = Record(dict(operation.params), what="params of put_object", code=_CODE)
    record.text("key", r"[!-~]{1,1024}")
    record.end()
    if len(operation.artifacts) > 1:
        raise InvalidInputError(_CODE, "put_object writes one artifact")


_READERS: Mapping[OperationKind, Callable[[Operation], None]] = {
    OperationKind.PUBLISH_PACKAGE: _publication,
    OperationKind.PUT_OBJECT: _object,
}
