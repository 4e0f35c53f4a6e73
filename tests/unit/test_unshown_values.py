"""What holds a secret shows its type alone, however it is shown."""

from __future__ import annotations

from msgspec.structs import replace
from rich.pretty import pretty_repr

from placet.domain.authorization.facts import KeyState, ReceiptKey

KEY = ReceiptKey(key_id="k1", state=KeyState.ACTIVE, secret=b"canary")


def test_a_secret_is_in_no_repr_of_its_value_nor_of_what_holds_it() -> None:
    assert repr(KEY) == str(KEY) == "<ReceiptKey>"
    assert f"{[KEY]}" == "[<ReceiptKey>]"
    assert "canary" not in repr(replace(KEY, key_id="k2"))


def test_rich_which_asks_values_for_their_members_is_told_none() -> None:
    assert "canary" not in pretty_repr({"key": [KEY]})
