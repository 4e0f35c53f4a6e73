"""Text that is published for people: titles, release notes, descriptions of pull requests (attacks A48).

What approvers read must be what everybody else reads, so text is refused rather than cleaned: what
was approved is what is sent, byte by byte.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn

from placet.errors import InvalidInputError

LIMIT_BYTES = 100_000
"""GitHub takes 125 000 characters; what we add must fit too."""
_JOINER = "\u200d"  # stands inside ordinary emoji
_CALLS_EVERYBODY = re.compile(r"(?<![\w@/])@(?:everyone|here|channel|all)(?![\w/-])", re.IGNORECASE)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def check_title(text: str) -> str:
    """Return one line of published text, or raise `InvalidInputError` (`TEXT_UNSAFE`)."""
    if "\n" in text or "\t" in text:
        _refuse("a title has one line")
    return read_published_text(text.encode())


def read_published_text(content: bytes) -> str:
    """Return the text that `content` spells, unchanged.

    Raise `InvalidInputError` (`TEXT_UNSAFE`) for bytes that are no UTF-8, more than 100 000, text
    that begins with white space, and what readers would not see or did not ask for: control
    characters but tab and line feed, marks that turn the direction of writing or take no room,
    HTML comments, and a call to everybody (`@everyone`).
    """
    if len(content) > LIMIT_BYTES:
        _refuse(f"it is longer than {LIMIT_BYTES} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError("TEXT_UNSAFE", "the text is not UTF-8") from error
    if text != text.lstrip():
        _refuse("it begins with white space")
    for character in text:
        if _is_hidden(character):
            _refuse(f"it holds U+{ord(character):04X}, which readers do not see")
    if "<!" in text or "<?" in text:
        _refuse("it holds an HTML comment or declaration, which readers do not see")
    if _CALLS_EVERYBODY.search(text) is not None:
        _refuse("it calls everybody, like @everyone")
    return text


def _is_hidden(character: str) -> bool:
    return character not in ("\n", "\t", _JOINER) and unicodedata.category(character) in _HIDDEN_CATEGORIES


def _refuse(reason: str) -> NoReturn:
    raise InvalidInputError("TEXT_UNSAFE", f"the text is not published: {reason}", hint="change the text")
