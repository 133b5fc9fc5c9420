"""Tried: text of others that is meant to keep Bowline busy: in files, answers, headers,
links, filters and searches, near-misses of each pattern, and each delimiter of each
reader, again and again.

Refused: twice as much takes about twice the time, or less, by the CPU time of one
thread, both measured in turn. All patterns of the tree are found; each module that
parses is in a table, with what is read, or with why it reads nothing of others.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from importlib import import_module
from io import BytesIO
from itertools import count
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from time import thread_time
from typing import Any
from zipfile import ZipFile

import pytest
from botocore.exceptions import ClientError
from django.test import RequestFactory

from accounts.api.paging import cursor_value
from accounts.lists.activity import by_day
from accounts.notify import channels
from accounts.runs.deciding.confirmation import Answer as PastedAnswer
from accounts.web.factors.views import normalized_origin
from accounts.web.highlighting import highlighted_json_line
from accounts.web.search.views import digits, references
from accounts.web.you.sessions import browser_of, page_of
from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.sources.files import unpacked
from onboarding.adopting.sources.kubeconfigs import clusters_of
from onboarding.adopting.sources.reading import read_sources
from onboarding.aws.errors import aws_error
from onboarding.carried.secrets import looks_secret
from onboarding.delivery import connection
from onboarding.delivery.gate import value_of
from onboarding.delivery.transport import Answer
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.subnets import metadata_of
from onboarding.verify import conditions as comparisons
from tests.factories import MANAGED_ID
from tests.test_expressions import OF_RE
from tests.test_structure import APP, ENGINE, SITE, dotted, modules, name_of

MOST = 2.5
NOISE = 0.0005
"""Seconds of CPU time that say nothing."""
CERTAIN = 1.0
"""Seconds of CPU time that need no repeats: no other process takes as long."""
SIZES = (12, 18, 100, 1_000, 8_000)
"""The small ones first: what grows as a power is seen before it takes forever."""
LETTERS = {*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"}
SAMPLES = "a0 -_\n\"'.:/=,;[](){}<>*?#@|&%+~^$\\AZ9\u00e9"


def seconds_of(work: Callable[[str], object], text: str) -> float:
    before = thread_time()
    with suppress(Exception):
        work(text)
    return thread_time() - before


def growth(work: Callable[[str], object], shape: Callable[[int], str]) -> float:
    """Return how much more twice as much takes; 0 where no size shows that it does."""
    for size in SIZES:
        texts = shape(size), shape(2 * size)
        for repeats in (1, 3, 9, 27):  # another process may have had the caches
            times = [
                min(seconds_of(work, text) for _ in range(repeats)) for text in texts
            ]
            grown = times[1] > max(NOISE, MOST * times[0])
            if not grown or times[1] > CERTAIN:
                break
        if grown:
            return times[1] / times[0]
    return 0


def slow(
    work: Callable[[str], object], shapes: Mapping[str, Callable[[int], str]]
) -> dict[str, float]:
    found = {name: growth(work, shape) for name, shape in shapes.items()}
    return {name: round(more, 1) for name, more in found.items() if more}


def again(sign: str, size: int) -> str:
    return sign * (size // len(sign)) + "!"


def patterns() -> dict[re.Pattern[Any], set[str]]:
    """Find each pattern, and how the modules use it that have a name for it."""
    found: dict[re.Pattern[Any], set[str]] = defaultdict(set)
    for path in modules(SITE, APP, ENGINE):
        used: dict[str, set[str]] = defaultdict(set)
        beside_hal = "formats/hal" in name_of(path)
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("re"), attr=way),
                    args=[ast.Constant(value=str(text)), *_],
                ):
                    if way != "compile" or beside_hal:
                        found[re.compile(text)].add(way.replace("compile", "search"))
                case ast.Attribute(value=value, attr=way) if way in OF_RE:
                    used[ast.unparse(value).rpartition(".")[2]].add(way)
        if beside_hal:
            continue  # it imports what is beside it there
        for name, value in vars(import_module(dotted(path))).items():
            for one in inside(value):
                found[one] |= used[name]
    return {one: ways or {"fullmatch"} for one, ways in found.items()}


def inside(value: Any) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns of a module's name: itself, or what it has."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from inside(one)
    elif isinstance(getattr(value, "pattern", None), re.Pattern):
        yield value.pattern


def near_misses(pattern: re.Pattern[Any]) -> dict[str, Callable[[int], str]]:
    """Give shapes that fit nearly: each repeat many times, and then what never fits."""
    tree = list(parser.parse(pattern.pattern, pattern.flags))
    plain = written(tree, count(), -1, 1) or "a"
    shapes = {
        "all of it": partial(again, plain),
        "but its end": partial(again, plain[:-1] or "a"),
    }
    counted = count()
    written(tree, counted, -1, 1)
    for number in range(next(counted)):
        for sign in ("", *{*plain} - LETTERS):
            shapes[f"repeat {number} {sign}"] = lambda size, number=number, sign=sign: (
                written(tree, count(), number, size, sign)[:-1] + "\n!"
            )
    for sign in {*plain}:
        shapes[f"only {sign!r}"] = lambda size, sign=sign: sign * size
    return shapes


def written(
    tree: Any, counted: Iterator[int], which: int, size: int, sign: str = ""
) -> str:
    """Write what fits, with one of its repeats as often as that, or a sign instead."""
    text = ""
    for code, argument in tree:
        match code:
            case codes.LITERAL:
                text += chr(argument)
            case codes.NOT_LITERAL:
                text += next(one for one in SAMPLES if ord(one) != argument)
            case codes.ANY:
                text += "a"
            case codes.IN:
                text += member(argument)
            case codes.BRANCH:
                parts = [
                    written(one, counted, which, size, sign) for one in argument[1]
                ]
                text += max(parts, key=len)
            case codes.SUBPATTERN | codes.ATOMIC_GROUP:
                inner = argument[-1] if code is codes.SUBPATTERN else argument
                text += written(inner, counted, which, size, sign)
            case codes.MAX_REPEAT | codes.MIN_REPEAT | codes.POSSESSIVE_REPEAT:
                low, high, inner = argument
                number = next(counted)
                one = written(inner, counted, which, size, sign)
                one = sign if sign and number == which else one
                times = min(size, int(high)) if number == which else max(low, 1)
                text += one * times
    return text


def member(argument: Any) -> str:
    """Write a character of a set."""
    negated = argument[0][0] is codes.NEGATE
    for sign in SAMPLES + "".join(map(chr, range(32, 127))):
        is_in = any(holds(kind, value, sign) for kind, value in argument)
        if is_in != negated:
            return sign
    return "a"


def holds(kind: Any, value: Any, sign: str) -> bool:
    match kind:
        case codes.LITERAL:
            return ord(sign) == value
        case codes.RANGE:
            return bool(value[0] <= ord(sign) <= value[1])
        case codes.CATEGORY:
            name = str(value)
            for word, of in (("DIGIT", r"\d"), ("SPACE", r"\s"), ("WORD", r"\w")):
                if name.endswith(word):
                    return bool(re.match(of, sign)) != ("NOT" in name)
    return False


def used(pattern: re.Pattern[Any], ways: set[str], text: str) -> None:
    given: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
    for way in ways:
        if way in ("sub", "subn"):
            pattern.sub(given[:0], given)
        elif way == "finditer":
            for _ in pattern.finditer(given):
                pass
        else:
            getattr(pattern, way)(given)


def test_a_near_miss_of_each_pattern_takes_a_time_that_grows_as_it_does() -> None:
    found = patterns()
    wrong = {
        pattern.pattern: more
        for pattern, ways in found.items()
        if (more := slow(partial(used, pattern, ways), near_misses(pattern)))
    }

    assert len(found) > 100
    assert wrong == {}


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (r"(\w+)/", "findall"),
        (r"a\s*#?\s*([0-9])", "fullmatch"),
        (r"(a+)+b", "match"),
        (r"\[([^]]*)\]", "search"),
        (r"://[^/]*:[^/]*@", "search"),
    ],
)
def test_a_slow_pattern_is_noticed(pattern: str, way: str) -> None:
    one = re.compile(pattern)

    work = partial(used, one, {way})
    assert any(growth(work, shape) for shape in near_misses(one).values())


def zipped(text: str) -> bytes:
    to = BytesIO()
    with ZipFile(to, "w") as archive:
        archive.writestr("clouddriver.yml", text)
    return to.getvalue()


def conditions(text: str) -> None:
    with suppress(ValueError):
        comparisons.seconds(text)
    with suppress(ValueError):
        comparisons.number(text)
    comparisons.filled(text, {"aws:userid": text})
    comparisons.like(text, f"{text}?")


def denial(text: str) -> None:
    told = {"Error": {"Code": "AccessDenied", "Message": text}}
    aws_error(ClientError(told, "GetRole"), MANAGED_ID, "iam:GetRole", "read it")


READERS: dict[str, Callable[[str], object]] = {
    "accounts file": lambda text: read_accounts_file(text.encode()),
    "spreadsheet": lambda text: read_accounts_file(
        f"name,account_id\n{text}".encode(), csv=True
    ),
    "halconfig": lambda text: read_halconfig(text.encode()),
    "Spring's files": lambda text: read_sources({"clouddriver.yml": text.encode()}),
    "kubeconfig": lambda text: clusters_of(text.encode()),
    "archive": lambda text: list(unpacked({"a.zip": zipped(text)})),
    "no archive": lambda text: list(unpacked({"a.tar.gz": text.encode()})),
    "JSON": json.loads,
    "Gate's answer": lambda text: value_of(Answer(200, body=text.encode()), "read"),
    "Gate's address": connection.url_problem,
    "tag of a subnet": metadata_of,
    "condition": conditions,
    "denial": denial,
    "secret": looks_secret,
    "cursor": lambda text: cursor_value(text, "name"),
    "day": by_day("at", timedelta()),
    "search": lambda text: (digits(text), references(text)),
    "place": partial(channels.problem, "webhook"),
    "origin": normalized_origin,
    "browser": lambda text: browser_of({"User-Agent": text, "Sec-CH-UA": text}),
    "page before": lambda text: page_of(
        RequestFactory().post("/", headers={"Referer": f"http://testserver/{text}"})
    ),
    "answer of verify.sh": PastedAnswer.of,
    "JSON in a page": highlighted_json_line.__wrapped__,
}
READ = {
    "accounts/api/paging.py": "cursor",
    "accounts/lists/activity.py": "day",
    "accounts/notify/channels.py": "place",
    "accounts/web/factors/views.py": "origin",
    "accounts/web/you/unsent.py": "page before",
    "onboarding/accounts_file/spreadsheet.py": "spreadsheet",
    "onboarding/adopting/sources/files.py": "archive",
    "onboarding/adopting/sources/documents.py": "Spring's files",
    "onboarding/aws/roles/used_by.py": "JSON",
    "onboarding/bounded_yaml.py": "accounts file",
    "onboarding/delivery/connection.py": "Gate's address",
    "onboarding/delivery/gate.py": "Gate's answer",
    "onboarding/subnets.py": "tag of a subnet",
    "onboarding/verify/conditions.py": "condition",
    "onboarding/verify/keys.py": "JSON",
}
"""The modules that parse text of others, and the row that reads it."""
OWN = {
    "what Bowline stored": {
        *("accounts/api/v1/spinnaker.py", "accounts/discover/files.py"),
        *("accounts/packed.py",),
        *("accounts/mapping/adopting/keeping.py", "accounts/mapping/managing.py"),
        *("accounts/models/checks.py", "accounts/models/managed.py"),
        *("accounts/models/spinnaker.py", "accounts/web/live/views.py"),
        *("accounts/web/adopting/views.py", "accounts/web/spinnaker/deliveries.py"),
        *("onboarding/delivery/bodies.py", "onboarding/resources/kinds.py"),
        *("onboarding/resources/policy.py", "onboarding/resources/risks.py"),
    },
    "what Bowline writes or ships": {
        *("accounts/web/help/views.py", "accounts/web/runs/views.py"),
        *("accounts/spinnaker/presence.py", "accounts/spinnaker/next_bundle.py"),
        *("accounts/web/handoff/views.py", "onboarding/review/effective.py"),
        *("onboarding/review/evidence.py", "onboarding/spinnaker/bundle/archive.py"),
        *("onboarding/spinnaker/bundle/contents.py",),
        *("onboarding/spinnaker/bundle/readme.py",),
    },
    "what whoever runs it says": {
        *("accounts/operations/measured.py",),
        *("accounts/management/commands/policy.py", "accounts/notify/sending.py"),
        *("accounts/notify/channels.py", "bowline/environment/variables.py"),
        *("bowline/settings.py", "bowline/single_sign_on.py"),
        *("onboarding/delivery/transport.py",),
        *("onboarding/spinnaker/bundle/formats/hal/__main__.py",),
        *("onboarding/spinnaker/bundle/formats/hal/calling.py",),
    },
}
"""Those that parse nothing of others, and what they do parse."""
PARSERS = {
    *("json.loads", "csv.reader", "ZipFile", "tarfile.open", "urlsplit", "parse_qsl"),
    *("yaml.parse", "yaml.compose", "yaml.load_all", "yaml.safe_load", "b64decode"),
    *("urlsafe_b64decode", "websafe_decode", "datetime.fromisoformat"),
    *("date.fromisoformat", "zipfile.ZipFile"),
}
DELIMITERS = (
    *("a", "0", " ", "\n", "\r\n", "\t", "\0", ",", ";", ":", "=", "/", "\\", "\\u"),
    *('"', "'", "[", "]", "{", "}", "(", ")", "<", ">", "-", "_", ".", "*", "?", "#"),
    *("@", "%", "%2", "&", "|", "!", "~", "^", "$", "${", "\x1b[", "\u00e9", "://"),
    *(
        "- ",
        "- [",
        "a: ",
        "a:\n ",
        "*a ",
        "&a ",
        "? ",
        "- - ",
        "---\n",
        "<<: *a\n",
        ",,\n",
    ),
    *(
        '"a",',
        '{"a":',
        "[[",
        "a,b\n",
        "://:",
        "-eyJ",
        "arn:",
        "User: arn:",
        "a=b\n",
        "a[0].",
    ),
)


@pytest.mark.exhaustive(after=4)
@pytest.mark.parametrize("reader", READERS)
def test_what_a_reader_divides_by_takes_a_time_that_grows_as_it_does(
    reader: str,
) -> None:
    shapes = {sign: partial(again, sign) for sign in DELIMITERS}

    assert slow(READERS[reader], shapes) == {}


def parses(path: Path) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in PARSERS
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_each_module_that_parses_is_in_the_table_or_reads_its_own() -> None:
    found = {name_of(path) for path in modules(SITE, APP, ENGINE) if parses(path)}

    assert found == {*READ}.union(*OWN.values())
    assert {*READ.values()} <= {*READERS}
