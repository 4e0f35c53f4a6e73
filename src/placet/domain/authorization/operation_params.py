"""What each kind of operation demands of its params, before anybody is asked to approve them (protocol 5).

The one place where a kind's params are judged: whoever plans operations that they did not make
themselves calls `check_params`. The kinds without a reader here take none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from placet.domain.authorization.operation import Operation
from placet.domain.authorization.repository_operations import check_operation, check_texts, read_tag, sha_of_tag
from placet.domain.encoding.record import Record
from placet.domain.values.kinds import OperationKind
from placet.errors import InvalidInputError

_CODE = "PLAN_INVALID"
_TAG_SHA = "tag_sha"


def check_params(operation: Operation, contents: Mapping[str, bytes]) -> None:
    """Return only where the params are what the operation's kind takes; raise `InvalidInputError` otherwise.

    `contents` are the artifacts that whoever plans has given, by name; not those that are yet to be made.
    """
    read = _READERS.get(operation.operation_kind)
    if read is not None:
        read(operation)
    if {text.name for text in check_operation(operation)} <= contents.keys():
        check_texts(operation, contents)


def with_tag_shas(operations: Sequence[Operation], contents: Sequence[Mapping[str, bytes]]) -> list[Operation]:
    """Return the operations with the SHA of each tag that one of them makes, in its params and its releases'.

    It follows from what the tag says, so that nobody has to work it out; one that is given is checked, not
    replaced. `contents` has the texts of each operation. Raise as `check_params` for a tag that cannot be.
    """
    shas: dict[tuple[str, str, str], str] = {}
    completed = []
    for operation, texts in zip(operations, contents, strict=True):
        subject = operation.subject
        about = (subject.provider, subject.name, subject.tag)
        if operation.operation_kind is OperationKind.TAG_REPO:
            shas[about] = str(operation.params.get(_TAG_SHA) or _tag_sha(operation, texts))
        names_tag = operation.operation_kind in (OperationKind.TAG_REPO, OperationKind.PUBLISH_RELEASE)
        lacks = names_tag and about in shas and _TAG_SHA not in operation.params
        params = {**operation.params, _TAG_SHA: shas[about]} if lacks else operation.params
        completed.append(replace(operation, params=params))
    return completed


def _tag_sha(operation: Operation, texts: Mapping[str, bytes]) -> str:
    planned = read_tag(replace(operation, params={**operation.params, _TAG_SHA: "0" * 40}))
    return sha_of_tag(planned, texts[planned.message.name])


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
