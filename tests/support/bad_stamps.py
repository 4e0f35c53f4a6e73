"""Texts of a package.json that cannot be stamped, or were touched after stamping (attack A108)."""

from __future__ import annotations

import json
from collections.abc import Callable

from support.archives import package_json, pax
from support.metadata import metadata

BLOCK = metadata().encode()


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in "chittyos").encode()


TEXTS_THAT_CANNOT_BE_STAMPED = {
    "block_there_already": b'{"name":"a","chittyos":{}}',
    "block_there_as_null": b'{"chittyos":null}',
    "block_name_escaped": b'{"name":"a","' + ESCAPED + b'":{}}',
    "block_name_half_escaped": b'{"name":"a","chitty\\u006Fs":{}}',
    "key_twice": b'{"name":"a","name":"b"}',
    "key_twice_inside": b'{"name":"a","x":{"y":1,"y":2}}',
    "key_twice_deep_inside": b'{"x":[{"y":[{"z":1,"z":1}]}]}',
    "key_twice_by_escape": b'{"name":"a","n\\u0061me":"b"}',
    "byte_order_mark": b'\xef\xbb\xbf{"name":"a"}',
    "utf16": '{"name":"a"}'.encode("utf-16"),
    "half_a_surrogate_pair": b'{"name":"\\ud83d"}',
    "half_a_surrogate_pair_in_a_key": b'{"\\udc00":1}',
    "surrogate_as_bytes": b'{"name":"\xed\xa0\x80"}',
    "array": b'[{"name":"a"}]',
    "text": b'"{}"',
    "null": b"null",
    "two_objects": b"{}{}",
    "comment_at_the_end": b'{"name":"a"} // }',
    "comment_inside": b'{"name":"a" /* } */}',
    "trailing_comma": b'{"name":"a",}',
    "form_feed_at_the_end": b'{"name":"a"}\x0c',
    "nul_at_the_end": b'{"name":"a"}\0',
    "not_a_number": b'{"x":NaN}',
    "nothing": b"",
    "blanks": b" \n",
}


HEADERS_THAT_CANNOT_BE_STAMPED: dict[str, Callable[[bytes], bytes]] = {
    "size_repeated_in_pax": lambda text: pax(("size", str(len(text)))) + package_json(text),
    "size_filled_with_spaces": lambda text: package_json(text, size=b"%10o \0" % len(text)),
    "size_without_room": lambda text: package_json(text, size=b"%o\0" % len(text)),
    "size_just_without_room": lambda text: package_json(text, size=b"0%o\0" % len(text)),
}
"""Each makes the members of a package.json with this text."""

TEXTS_TOUCHED_AFTER_STAMPING = {
    "blank_before_the_comma": b'{"name":"a" ,"chittyos":%b}',
    "blank_behind_the_comma": b'{"name":"a", "chittyos":%b}',
    "blank_behind_the_colon": b'{"name":"a","chittyos": %b}',
    "blank_behind_the_block": b'{"name":"a","chittyos":%b,"x":1}',
    "block_first": b'{"chittyos":%b,"name":"a"}',
    "block_name_escaped": b'{"name":"a","' + ESCAPED + b'":%b}',
    "block_moved_inside_another": b'{"chittyos":%b,"x":{"chittyos":1}}',
}


BLOCKS_TOUCHED_AFTER_STAMPING = {
    "keys_in_another_order": json.dumps(dict(reversed(metadata().to_object().items())), separators=(",", ":")).encode(),
    "blanks_inside": json.dumps(metadata().to_object(), sort_keys=True).encode(),
    "letter_escaped": BLOCK.replace(b"placet", b"pl\\u0061cet"),
    "slash_escaped": BLOCK.replace(b"https://", b"https:\\/\\/"),
    "member_missing": BLOCK.replace(b'"domain":"packages.example.com",', b""),
    "member_more": BLOCK.replace(b'"domain":', b'"donor":"","domain":'),
    "member_more_inside": BLOCK.replace(b'"commit":', b'"comma":"","commit":'),
    "member_null": BLOCK.replace(b'"domain":"packages.example.com"', b'"domain":null'),
    "time_spelled_otherwise": BLOCK.replace(b"05.678Z", b"05.678+00:00"),
    "digest_in_upper_case": BLOCK.replace(b"sha256:", b"SHA256:"),
    "letter_outside_ascii": BLOCK.replace(b"alice", "alic\u00e9".encode()),
    "number_for_text": BLOCK.replace(b'"placet"', b"1.0"),
    "not_an_object": b"[]",
}
