"""Patterns of IAM: `*` is any text, `?` one character, and all else is itself. Pure.

They are text of others, so none becomes a regular expression: of those, one with many
`*` takes forever. The work here is at most that of comparing each character of the
text with each one of the pattern, and AWS limits both: IAM takes policies of up to
10,240 characters, and ARNs of up to 2,048.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import compress
from operator import or_

from onboarding.bounded_cpu import go_on

END = "\0"
"""Behind every text of many: a part that has it fits at the end alone."""


def matches(text: str, pattern: str) -> bool:
    """Return whether all of the text fits, in this case of letters."""
    if len(pattern) - pattern.count("*") > len(text):
        return False
    first, *rest = pattern.split("*")
    if not rest:
        return len(text) == len(first) and fits(first, text, 0)
    *parts, last = rest
    at, end = len(first), len(text) - len(last)
    if not fits(first, text, 0) or not fits(last, text, end):
        return False
    for part in filter(None, parts):
        # Where a part fits as early as it can, the most is left for the others.
        if (at := place_of(part, text, at, end)) < 0:
            return False
        at += len(part)
    return True


def arn_matches(arn: str, pattern: str) -> bool:
    """Return whether an ARN fits as IAM's conditions compare ARNs: part by part, so
    that `*` in one of the first five is nothing of the next one.
    """
    found, wanted = arn.split(":", 5), pattern.split(":", 5)
    if len(wanted) < 6:  # no ARN: what IAM makes of it isn't documented
        return matches(arn, pattern)
    return len(found) == len(wanted) and all(map(matches, found, wanted))


def fits(part: str, text: str, at: int) -> bool:
    """Return whether a part without `*` fits there; the text is long enough."""
    if "?" not in part:
        return text.startswith(part, at)
    there = text[at : at + len(part)]
    return all(
        wanted in ("?", found) for wanted, found in zip(part, there, strict=True)
    )


def place_of(part: str, text: str, start: int, end: int) -> int:
    """Return where the part first fits between the two; -1: nowhere."""
    if "?" not in part:
        return text.find(part, start, end)
    places = range(start, end - len(part) + 1)
    return next((at for at in places if fits(part, text, at)), -1)


class Texts:
    """Many texts that are matched at once, in either case of letters or in their own:
    a set of them is a number with a bit for each, the longest first, so that few bits
    reach far.

    A pattern costs as many operations as its length times that of the longest text,
    however many texts there are.
    """

    def __init__(self, texts: Iterable[str], *, any_case: bool = True) -> None:
        self.cased: Callable[[str], str] = str.lower if any_case else str
        self.texts = sorted(texts, key=lambda one: len(self.cased(one)), reverse=True)
        self.every = (1 << len(self.texts)) - 1
        self.columns: dict[str, list[int]] = {}
        self.having: dict[str, dict[int, list[int]]] = defaultdict(dict)
        for number, text in enumerate(self.texts):
            for place, sign in enumerate(f"{self.cased(text)}{END}"):
                for found in (sign,) if sign == END else (sign, "?"):
                    self.having[found].setdefault(place, []).append(number)
        self.places = len(self.having["?"]) + 1

    def matching(self, pattern: str) -> int:
        """Return the set of those that fit."""
        go_on()
        first, *rest = f"{self.cased(pattern)}{END}".split("*")
        ends = self.behind(first, {0: self.every}, until=1)
        for part in rest:
            if part not in ("", END):
                ends = self.behind(part, ends, until=self.places)
        return reduce(or_, ends.values(), 0)

    def behind(self, part: str, ends: dict[int, int], until: int) -> dict[int, int]:
        """Return where the part ends in the texts that have it, where it does so first
        behind the ends of the parts before it.
        """
        columns = list(enumerate(map(self.column, part)))
        found, left = {}, 0
        until = min(until, self.places - len(part) + 1)
        for start in range(min(ends, default=until), until):
            here = left = left | ends.get(start, 0)
            for place, column in columns:
                here &= column[start + place]
                if not here:
                    break
            else:
                found[start + len(part)] = here
                left ^= here
        return found

    def column(self, sign: str) -> list[int]:
        """Return the sets of those that have it, by place; `?` is any but the end."""
        if sign not in self.columns:
            having = self.having.get(sign, {})
            numbers = (having.get(place, ()) for place in range(self.places))
            self.columns[sign] = [set_of(some) for some in numbers]
        return self.columns[sign]

    def chosen(self, some: int) -> Iterator[str]:
        """Yield the texts of a set."""
        return compress(self.texts, map(int, reversed(f"{some:b}")))


def set_of(numbers: Sequence[int]) -> int:
    bits = bytearray(max(numbers, default=0) // 8 + 1)
    for number in numbers:
        bits[number // 8] |= 1 << number % 8
    return int.from_bytes(bits, "little")
