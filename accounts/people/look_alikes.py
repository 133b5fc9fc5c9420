"""Names that look like somebody else's: whoever reads the activity log takes one person
for the other. Every new name comes through here, by whatever door.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from django.contrib.auth.models import User

LOOK_ALIKE = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}
"""Alphabets whose letters are taken for each other's: nobody's name mixes them."""

LOOKS_LIKE = {
    "a": "0251 0391 03B1 0410 0430 13AA 15C5 A4EE 102A0 16F40",
    "b": "0184 0392 0412 042C 13CF 13F4 1472 15AF 15F7 A4D0 A7B4 10282 102A1 10301",
    "c": (
        "0421 0441 13DF 1D04 2CA4 2CA5 A4DA ABAF 102A2 10302 10415 1043D 1051C "
        "118E9 118F2"
    ),
    "d": "0501 13A0 13E7 146F 15DE 15EA A4D2 A4D3",
    "e": "0395 0415 0435 04BD 13AC 2D39 A4F0 AB32 10286 118A6 118AE",
    "f": "03DC 0584 15B4 1E9D A4DD A798 A799 AB35 10287 102A5 10525 118A2 118C2",
    "g": "018D 0261 050C 0581 13C0 13F3 1D83 A4D6",
    "h": "0397 041D 04BB 0570 13BB 13C2 157C 2C8E A4E7 102CF",
    "j": "037F 03F3 0408 0458 13AB 148D A4D9 A7B2",
    "k": "039A 041A 13E6 16D5 2C94 A4D7 10518",
    "l": (
        "0031 0049 0069 0131 0196 01C0 0269 026A 0399 03B9 0406 0456 04C0 04CF 06F1 "
        "13A5 13DE 14AA 16C1 2C92 2CD0 2D4F A4E1 A4F2 A647 AB75 1028A 10309 10320 "
        "1041B 10526 118A3 118B2 118C3 16F16 16F28"
    ),
    "m": "039C 03FA 041C 13B7 15F0 16D6 2C98 A4DF 102B0 10311",
    "n": "039D 0578 057C 2C9A A4E0 10513",
    "o": (
        "0030 039F 03BF 03C3 041E 043E 0555 0585 06F5 0966 09E6 0A66 0AE6 0B20 0B66 "
        "0BE6 0C66 0CE6 0D20 0D66 0E50 0ED0 101D 1040 10FF 12D0 1D0F 1D11 2C9E 2C9F "
        "2D54 3007 A4F3 AB3D 10292 102AB 10404 1042C 104C2 104EA 10516 114D0 118B5 "
        "118C8 118D7 118E0"
    ),
    "p": "03A1 03C1 0420 0440 13E2 146D 2CA2 2CA3 A4D1 10295",
    "q": "051B 0563 0566 2D55",
    "r": "01A6 0433 13A1 13D2 1587 1D26 2C85 A4E3 AB47 AB48 AB81 104B4 16F35",
    "s": "01BD 0405 0455 054F 13D5 13DA A4E2 A731 ABAA 10296 10420 10448 118C1 16F3A",
    "t": "03A4 0422 13A2 2CA6 A4D4 10297 102B1 10315 118BC 16F0A",
    "u": (
        "028B 03C5 054D 057D 1200 144C 1D1C A4F4 A79F AB4E AB52 104CE 104F6 118B8 "
        "118D8 16F42"
    ),
    "v": (
        "03BD 0474 0475 06F7 13D9 142F 1D20 2D38 A4E6 A6DF ABA9 1051D 11706 118A0 "
        "118C0 16F08"
    ),
    "w": (
        "026F 0461 051C 051D 0561 13B3 13D4 1D21 A4EA AB83 1170A 1170E 1170F 118E6 "
        "118EF"
    ),
    "x": (
        "03A7 0425 0445 1541 157D 16B7 2CAC 2D5D A4EB A7B3 10290 102B4 10317 10322 "
        "10527 118EC"
    ),
    "y": (
        "0263 028F 03A5 03B3 0423 0443 04AE 04AF 10E7 13A9 13BD 1D8C 1EFF 2CA8 A4EC "
        "AB5A 102B2 118A4 118DC 16F43"
    ),
    "z": "0396 13C3 1D22 A4DC AB93 102F5 118A9 118C4 118E5",
    "2": "01A7 03E8 14BF A644 A6EF A75A",
    "3": "01B7 021C 0417 04E0 2CCC A76A A7AB 118CA 16F3B",
    "4": "13CE 118AF",
    "5": "01BC 118BB",
    "6": "0431 13EE 2CD2 118D5",
    "7": "104D2 118C6",
    "8": "0222 0223 09EA 0A6A 1031A",
    "9": "09ED 0A67 0B68 0D6D 2CCA A76E 118AC 118CC 118D6",
}
"""The letters and digits that look like one of ASCII's, small or capital, as numbers:
those of https://www.unicode.org/Public/security/latest/confusables.txt (Unicode's UTS
#39), but for what normalization (NFKD) makes ASCII.
"""


def table() -> dict[int, str]:
    """Map each letter to what it looks like; a small one that is not listed to what its
    capital looks like, as many are drawn alike.
    """
    listed = {
        int(number, 16): letter
        for letter, numbers in LOOKS_LIKE.items()
        for number in numbers.split()
    }
    small = {ord(chr(one).lower()): letter for one, letter in listed.items()}
    return {**small, **listed}


TABLE = table()


def new_name(name: str, *, of: User | None = None) -> str:
    """Return the name that a person is to have, who may be renamed; raise ValueError
    with a sentence where it is, or looks like, somebody else's.
    """
    if mixes_alphabets(name):
        raise ValueError(
            f"{name} mixes alphabets with letters that look alike. Choose another name."
        )
    twin = twin_of(name, but=of)
    if twin.casefold() == name.casefold():
        raise ValueError("This name is already taken.")
    if twin:
        raise ValueError(
            f"{name} looks like the existing name {twin} in other letters. Choose "
            "another name."
        )
    return name


def twin_of(name: str, *, but: User | None = None) -> str:
    """Return the name of somebody else that nobody could tell from this one; empty if
    there is none. Whoever was deactivated is still in the activity log.
    """
    others = User.objects.exclude(pk=but.pk) if but else User.objects.all()
    names = others.values_list("username", flat=True)
    return next((other for other in names if looks_same(name, other)), "")


def looks_same(name: str, other: str) -> bool:
    """Compare what is seen. In ASCII alone, people tell l from 1, and O from 0."""
    if name.isascii() and other.isascii():
        return name.casefold() == other.casefold()
    return skeleton(name) == skeleton(other)


def skeleton(name: str) -> str:
    """Write it in the letters of ASCII that it looks like."""
    return unicodedata.normalize("NFKD", name).translate(TABLE).casefold()


def mixes_alphabets(name: str) -> bool:
    return len({*alphabets(name)} & LOOK_ALIKE) > 1


def alphabets(text: str) -> Iterator[str]:
    """Name the alphabet of each letter, as Unicode's names of letters begin."""
    for letter in filter(str.isalpha, text):
        yield unicodedata.name(letter, "").partition(" ")[0]
