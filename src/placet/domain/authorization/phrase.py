"""A digest in words, so that two people can compare by voice what each of them sees (protocol 6).

The first 96 bits of the digest, one word for each byte: the fingerprint, spoken. Twelve words, so
that even who makes up both plans does not find two with one phrase (2^48 tries, not 2^32).
"""

from __future__ import annotations

import re

from placet.domain.values.digest import Digest
from placet.errors import InvalidInputError

WORDS = """
    acid actor album alley amber anchor angel apple apron arrow attic autumn bacon badge bamboo banjo barrel
    basket beaver beetle bench berry bishop blanket bonus border bottle branch brick bronze bucket buffalo bundle
    butter cabin cactus camel candle canyon carpet castle cedar cement chapel cherry chimney cinema circus citrus
    clarinet cloud clover cobalt coffee comet copper cotton cousin cradle crayon cricket crystal curtain cushion
    dagger daisy dancer delta desert diamond dinner dolphin donkey dragon drummer dungeon eagle echo eclipse elbow
    elephant embassy empire engine envelope escape fabric falcon fathom feather festival fiddle finger flamingo
    flower forest fossil fountain galaxy garden garlic gazelle giant giraffe glacier glove gopher granite gravel
    guitar habit hammer harbor harvest hazel helmet hermit hickory hockey honey hornet hotel husky igloo insect
    iris island ivory jacket jaguar jasmine jersey jigsaw joker journal jungle juniper kayak kennel kettle kidney
    kitten koala ladder lagoon lantern laundry lawyer lemon leopard lettuce library lily linen lizard lobster
    lumber magnet mammoth mango maple marble meadow melon mercury meteor mineral mirror monsoon mosaic muffin
    museum mustard napkin nectar needle nephew nickel noodle nutmeg oasis ocean octopus olive onion opera orchid
    organ oyster paddle palace panda parrot pebble pelican pencil pepper piano pigeon pilot pirate planet plaza
    pocket poem pony pumpkin puppet purple puzzle python quartz quilt quiver rabbit radar raisin ranger raven
    ribbon ripple river robin rodeo rooster ruby saffron salmon sandal satin saturn scissors seagull shadow
    sheriff silver sister tiger tomato tractor trumpet tulip tunnel turtle umbrella vanilla velvet village violin
    vulture walnut willow window wisdom yellow zebra
""".split()  # noqa: SIM905 - a list literal would take a line for each word
"""One word for each byte. Sorted; no two begin with the same four letters."""

_BYTES = 12
_BETWEEN = re.compile(r"[\s,.-]+")


def phrase(digest: Digest) -> str:
    """Return the twelve words of a digest, separated by spaces."""
    return " ".join(WORDS[byte] for byte in bytes.fromhex(digest.removeprefix("sha256:"))[:_BYTES])


def check_phrase(heard: str, digest: Digest) -> None:
    """Return where `heard` is the digest's phrase, whatever its capitals and what stands between the words.

    Raise `InvalidInputError` (`PHRASE_MISMATCH`): the two are looking at different plans.
    """
    words = [word for word in _BETWEEN.split(heard.lower()) if word]
    if words != phrase(digest).split():
        raise InvalidInputError(
            "PHRASE_MISMATCH",
            "this is not the phrase of the plan: what was asked for is not what would be approved",
            hint="compare it with who asked, word by word; `placet plan show` prints it for the newest plan",
        )
