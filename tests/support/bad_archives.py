"""Archives that must never be published: unsafe ones (A52), and those that two readers unpack differently (A107)."""

from __future__ import annotations

import gzip
import zlib

from support.archives import (
    BLOCK,
    END,
    GNU,
    OLD,
    folder,
    header,
    manifest,
    member,
    octal,
    package_json,
    packed,
    pax,
    pax_record,
    plain_package,
    tgz,
    with_checksum,
)

PACKAGE = package_json()

PATHS_THAT_LEAVE = {
    "climbs": "package/../../etc/passwd",
    "climbs_at_once": "../package/x",
    "climbs_at_the_end": "package/lib/..",
    "climbs_behind_a_backslash": "package/..\\..\\x",
    "absolute": "/etc/passwd",
    "absolute_twice": "//etc/passwd",
    "unc": "//?/C:/x",
    "drive_behind_the_top_folder": "package/c:/x",
    "drive_without_slash": "package/C:x",
    "drive_then_climbs": "package/c:../x",
    "drive_first": "c:/x",
    "here": "package/./x",
    "here_first": "./package/x",
    "empty_segment": "package//x",
    "trailing_slash_on_a_file": "package/x/",
    "backslash": "package\\x",
    "newline": "package/a\nb",
    "escape_sequence": "package/\x1b[2Jx",
    "delete_character": "package/a\x7f",
    "next_line_control": "package/a\u0085",
    "bidi_override": "package/gpj.\u202eexe",
    "bidi_isolate": "package/\u2066x",
    "decomposed": "package/cafe\u0301.js",
}


KINDS = {
    "hard_link": b"1",
    "symbolic_link": b"2",
    "character_device": b"3",
    "block_device": b"4",
    "fifo": b"6",
    "contiguous_file": b"7",
    "gnu_folder_listing": b"D",
    "gnu_long_link": b"K",
    "gnu_long_name": b"L",
    "gnu_continuation": b"M",
    "gnu_old_long_name": b"N",
    "gnu_volume": b"V",
    "solaris_acl": b"A",
    "solaris_extended": b"X",
    "inode_metadata": b"I",
    "unknown_digit": b"8",
    "unknown_letter": b"Z",
    "not_ascii": b"\xff",
}


SHAPES = {
    # CVE-2026-23745: a link whose target is absolute, then a file through it
    "link_to_an_absolute_target": header("package/x", kind=b"2", link=b"/etc") + member("package/x/passwd", b"x"),
    "hard_link_to_an_absolute_target": header("package/x", kind=b"1", link=b"/etc/passwd"),
    # CVE-2026-24842: a hard link that climbs once the top folder is stripped
    "hard_link_that_climbs": header("package/x", kind=b"1", link=b"package/../../../etc/passwd"),
    # CVE-2026-26960: a chain of links, each harmless alone
    "chain_of_links": header("package/a", kind=b"2", link=b".")
    + header("package/b", kind=b"1", link=b"a/../../x")
    + member("package/b", b"x"),
    "link_name_on_a_plain_file": header("package/x", link=b"/etc/passwd"),
    "link_name_in_pax": pax(("linkpath", "/etc/passwd")) + member("package/x"),
    "type_in_pax": pax(("type", "SymbolicLink")) + member("package/x"),
    "mode_in_pax": pax(("mode", "4755")) + member("package/x"),
    "path_that_climbs_in_pax": pax(("path", "package/../../x")) + member("package/x"),
    "absolute_path_in_pax": pax(("path", "/etc/passwd")) + member("package/x"),
    "link_name_on_a_folder": folder("package/x", link=b"y"),
    "folder_with_content": header("package/x/", 512, kind=b"5") + bytes(512),
    "path_by_prefix_that_climbs": member("x", prefix=b"package/../.."),
    "absolute_prefix": member("x", prefix=b"/etc"),
    "set_user_id": member("package/x", mode=0o4755),
    "set_group_id": member("package/x", mode=0o2755),
    "sticky": member("package/x", mode=0o1755),
    "mode_of_a_link": member("package/x", mode=0o120777),
    "mode_of_a_device": member("package/x", mode=0o060644),
    "mode_of_a_fifo": member("package/x", mode=0o010644),
    "folder_bits_on_a_file": member("package/x", mode=0o040755),
    "file_bits_on_a_folder": folder("package/x", mode=0o100755),
    "file_outside_any_folder": member("x"),
    "file_named_like_the_top_folder": member("package"),
    "second_top_folder": member("other/x"),
    "top_folder_in_other_case": member("Package/x"),
    "not_utf8": member(b"package/\xff"),
    "half_a_surrogate_pair": member(b"package/\xed\xa0\x80"),
    "segment_longer_than_file_systems_hold": pax(("path", "package/" + "a" * 256)) + member("package/x"),
    "path_longer_than_1024": pax(("path", "package" + "/abcdefgh" * 114)) + member("package/x"),
}

OTHER = package_json(manifest(scripts={"postinstall": "evil"}))


BINARY_SIZE = b"\x80" + bytes(10) + b"\x01"


ENDS = {
    "lone_zero_block": tgz(PACKAGE, bytes(BLOCK), member("package/evil.js", b"x")),
    "lone_zero_block_at_the_end": tgz(PACKAGE, end=bytes(BLOCK)),
    "no_end": tgz(PACKAGE, end=b""),
    "member_behind_the_end": tgz(PACKAGE, END, member("package/evil.js", b"x")),
    "byte_behind_the_end": tgz(PACKAGE, end=END + b"\1" + bytes(BLOCK - 1)),
    "end_is_no_whole_block": tgz(PACKAGE, end=END + bytes(100)),
    "cut_in_a_header": packed(PACKAGE + header("package/x")[:300]),
    "cut_in_a_content": packed(PACKAGE + header("package/x", 600) + b"x" * 512),
    "cut_in_the_padding": packed(PACKAGE + header("package/x", 5) + b"xxxxx"),
    "bytes_in_the_padding": tgz(PACKAGE, header("package/x", 5), b"xxxxx", b"evil".ljust(BLOCK - 5, b"\0")),
    "empty_stream": packed(b""),
}


GZIP = {
    "second_member": plain_package() + tgz(member("package/evil.js", b"x")),
    "second_member_continues_the_tar": packed(PACKAGE) + packed(member("package/evil.js", b"x") + END),
    "empty_second_member": plain_package() + packed(b""),
    "trailing_byte": plain_package() + b"x",
    "trailing_zero": plain_package() + b"\0",
    "no_gzip": PACKAGE + END,
    "zlib_instead_of_gzip": zlib.compress(PACKAGE + END),
    "raw_deflate": zlib.compress(PACKAGE + END)[2:-4],
    "empty_file": b"",
    "cut_off": plain_package()[:-1],
    "only_a_header": plain_package()[:10],
    "wrong_checksum": plain_package()[:-8] + b"\0\0\0\0" + plain_package()[-4:],
    "wrong_length": plain_package()[:-4] + b"\1\0\0\0",
    "reserved_flag": plain_package()[:3] + b"\xe0" + plain_package()[4:],
    "gzip_in_gzip": gzip.compress(plain_package()),
    "brotli_like_bytes": b"\x8b\x00\x80" + bytes(700),
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(700),
}


HEADERS = {
    "bad_checksum": header("package/x", checksum=b"000000\0 "),
    "checksum_without_end": header("package/x", checksum=b"00012345"),
    "checksum_missing": header("package/x", checksum=b""),
    "checksum_of_signed_bytes": with_checksum(header("package/\u00e9"), signed=True),
    "bytes_behind_the_name": header(b"package/x\0\nevil"),
    "bytes_behind_the_prefix": header(b"x", prefix=b"package\0evil"),
    "long_prefix_and_times": header(b"x", prefix=b"package/".ljust(131, b"a") + octal(1, 12) + octal(1, 12)),
    "one_time_behind_the_prefix": header(b"x", prefix=b"package".ljust(131, b"\0") + octal(1, 12)),
    "times_no_octal": header(b"x", prefix=b"package".ljust(131, b"\0") + octal(1, 12) + b"99999999999\0"),
    "times_and_bytes_before": header(b"x", prefix=b"package\0e".ljust(131, b"\0") + octal(1, 12) + octal(1, 12)),
    "times_and_bytes_at_the_end": header(
        b"x", prefix=b"package".ljust(131, b"\0") + octal(1, 12) + octal(1, 12), rest=b"tar\0"
    ),
    "bytes_at_the_end": header("package/x", rest=b"tar\0"),
    "gnu_header_with_a_prefix": header("package/x", magic=GNU, prefix=b"y"),
    "old_header_with_a_prefix": header("package/x", magic=OLD, prefix=b"y"),
    "old_header_with_an_owner": header("package/x", magic=OLD, owner=b"root"),
    "unknown_magic": header("package/x", magic=b"ustar\x0001"),
    "no_name": header(""),
    "negative_size": header("package/x", size=b"-0000000001\0"),
    "decimal_size": header("package/x", size=b"00000000009\0"),
    "underscore_in_the_size": header("package/x", size=b"0000000_001\0"),
    "two_numbers_in_the_size": header("package/x", size=b"0000001 001\0"),
    "number_behind_a_nul": header("package/x", size=b"0000000\0001\0"),
    "no_size": header("package/x", size=b""),
    "mode_no_octal": header("package/x", mode=b"0000649\0"),
    "owner_in_binary": header("package/x", uid=b"\x80\0\0\0\0\0\1\0"),
    "owner_in_unknown_binary": header("package/x", uid=b"\x81\0\0\0\0\0\1\0"),
    "group_no_octal": header("package/x", gid=b"abc"),
    "time_no_octal": header("package/x", mtime=b"99999999999\0"),
    "device_no_octal": header("package/x", major=b"|"),
    "old_file_that_is_a_folder": header("package/x/", kind=b"\0"),
}


TWINS = {
    "same_file_twice": member("package/x", b"1") + member("package/x", b"2"),
    "second_package_json": OTHER,
    "case_twins": member("package/x", b"1") + member("package/X", b"2"),
    "package_json_in_other_case": member("package/Package.json", b"{}"),
    "sharp_s_twins": member("package/stra\u00dfe", b"1") + member("package/STRASSE", b"2"),
    "kelvin_sign_twins": member("package/k", b"1") + member("package/\u212a", b"2"),
    "composed_twins": member("package/caf\u00e9", b"1") + member("package/CAF\u00c9", b"2"),
    "folder_twice": folder("package/lib/") + folder("package/lib"),
    "folder_twins": folder("package/lib") + folder("package/LIB"),
    "file_then_folder": member("package/x") + folder("package/x"),
    "folder_then_file": folder("package/x") + member("package/x"),
    "implied_folder_then_file": member("package/x/y") + member("package/x"),
    "file_then_file_inside": member("package/x") + member("package/x/y"),
    "file_then_file_deep_inside": member("package/x") + member("package/X/y/z"),
    "file_then_folder_inside": member("package/x") + folder("package/x/y"),
    "pax_path_of_another": pax(("path", "package/package.json")) + member("package/x", b"{}"),
}


EXTENDED = {
    "key_twice": pax(("path", "package/a"), ("path", "package/b")) + member("package/x"),
    "two_extended_headers": pax(("path", "package/a")) + pax(("path", "package/b")) + member("package/x"),
    "global_header_between": pax(("path", "package/a")) + pax(("comment", "c"), kind=b"g") + member("package/x"),
    "global_path": pax(("path", "package/a"), kind=b"g"),
    "global_size": pax(("size", "1"), kind=b"g"),
    "followed_by_a_zero_block": pax(("path", "package/a")),
    "without_a_name": pax(("path", "package/a"), name="") + member("package/x"),
    "empty": pax() + member("package/x"),
    "newline_in_a_value": pax(("comment", "a\n21 path=package/evil")) + member("package/x"),
    "record_in_a_record": pax(("comment", f"a\n{pax_record('path', 'package/e').decode()}")) + member("package/x"),
    "length_too_short": pax(b"5 path=package/a\n") + member("package/x"),
    "length_too_long": pax(b"99 path=package/a\n") + member("package/x"),
    "length_with_a_zero": pax(b"018 path=package/a\n") + member("package/x"),
    "no_newline": pax(b"17 path=package/a ") + member("package/x"),
    "no_value": pax(("path", "")) + member("package/x"),
    "nul_in_a_path": pax(("path", "package/a\0b")) + member("package/x"),
    "bytes_behind_the_records": pax(("path", "package/a"), b"\0") + member("package/x"),
    "unknown_key": pax(("evil", "1")) + member("package/x"),
    "character_set": pax(("hdrcharset", "BINARY")) + member("package/x"),
    "remaining_bytes_of_the_reader": pax(("remain", "0")) + member("package/x", b"x"),
    "told_to_be_ignored": pax(("ignore", "true")) + member("package/x", b"x"),
    "size_no_number": pax(("size", "0x1")) + member("package/x", b"x"),
    "size_with_a_sign": pax(("size", "+1")) + member("package/x", b"x"),
}


TWO_READINGS = {
    "pax_size_smaller": pax(("size", "1")) + member("package/x", b"x" * 600),
    "pax_size_larger": pax(("size", "1024")) + member("package/x", b"x" * 512),
    "pax_size_of_a_folder": pax(("size", "512")) + folder("package/x"),
    "letters_that_may_be_cut": pax(("path", "package/" + "\u00e9" * 100 + "/" + "e" * 250), ("comment", "c" * 100))
    + member("package/x"),
    "ignore_file_that_npm_renames": member("package/.gitignore", b"node_modules\n"),
    "ignore_file_in_a_folder": member("package/lib/.gitignore", b"*\n"),
}


CASES = {
    **ENDS,
    **GZIP,
    **{name: tgz(PACKAGE, parts) for name, parts in (HEADERS | TWINS | EXTENDED).items()},
}


MANIFESTS_WITH_TWO_READINGS = {
    "name_twice": b'{"name":"good","name":"evil","version":"1.0.0"}',
    "name_twice_by_escape": b'{"name":"good","n\\u0061me":"evil","version":"1.0.0"}',
    "script_twice": b'{"name":"a","version":"1.0.0","scripts":{"x":"1","x":"2"}}',
    "prototype": b'{"name":"a","version":"1.0.0","__proto__":{"scripts":{"install":"evil"}}}',
    "byte_order_mark": b'\xef\xbb\xbf{"name":"a","version":"1.0.0"}',
    "utf16": '{"name":"a","version":"1.0.0"}'.encode("utf-16"),
    "latin1": b'{"name":"a","version":"1.0.0","author":"\xe9"}',
    "half_a_surrogate_pair": b'{"name":"a","version":"1.0.0","x":"\\ud800"}',
    "half_a_surrogate_pair_in_a_key": b'{"name":"a","version":"1.0.0","\\udfff":1}',
    "not_a_number": b'{"name":"a","version":"1.0.0","x":NaN}',
    "infinity": b'{"name":"a","version":"1.0.0","x":-Infinity}',
    "number_without_end": b'{"name":"a","version":"1.0.0","x":1e400}',
    "integer_beyond_javascript": b'{"name":"a","version":"1.0.0","x":9007199254740993}',
    "integer_of_5000_digits": b'{"name":"a","version":"1.0.0","x":' + b"9" * 5000 + b"}",
    "comment": b'{"name":"a","version":"1.0.0"} // x',
    "trailing_comma": b'{"name":"a","version":"1.0.0",}',
    "nested_without_end": b'{"name":"a","version":"1.0.0","x":' + b"[" * 3000 + b"]" * 3000 + b"}",
    "nested_deeper_than_100": b'{"x":' + b"[" * 99 + b"1" + b"]" * 99 + b"}",
    "objects_nested_deeper_than_100": b'{"x":' * 100 + b"1" + b"}" * 100,
    "array": b'["name","a"]',
    "text": b'"name"',
    "two_objects": b'{"name":"a","version":"1.0.0"}{}',
    "nothing": b"",
}
