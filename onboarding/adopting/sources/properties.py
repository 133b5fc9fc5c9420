"""A document as Spring's properties: `aws.accounts[0].name` is the name in the first
mapping of a list, keys are compared without case, `-` and `_`, and of two spellings
one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from onboarding.adopting.sources.documents import text_of, value_of
from onboarding.adopting.sources.variables import LONGEST_NAME
from onboarding.asked_once import asked_once
from onboarding.bounded_yaml import BadYaml
from onboarding.carried.table import canonical
from onboarding.names import one_line, short
from onboarding.spinnaker.halconfig.tree import Listing, Node, Scalar, Table

ACCOUNTS = "accounts"
ELEMENT = re.compile(r"\[([^\[\]]*)\]|[^.\[\]]+")
NOT_COMPARED = re.compile(r"[^a-z0-9]+")
INDEX = re.compile(r"\[[0-9]{1,6}\]")
MOST_ODD = 100_000
"""Keys with dots or indexes in one document: each takes as much as many plain ones."""
TOO_ODD = f"This has more than {MOST_ODD:,} keys with dots or indexes."
TOO_LONG = f"The name of a property has more than {LONGEST_NAME} characters."
DEFAULTS = {
    "netflix.environment": "test",
    "netflix.account": "test",
    "netflix.stack": "test",
    "spring.application.name": "clouddriver",
}
"""What Clouddriver itself gives as the lowest values."""
OF_A_LIST = 2
"""How many elements `aws.accounts` has: Bowline finds these by name."""
OF_AN_ACCOUNT = 4
"""How many elements `aws.accounts[0].name` has: what is below is the field's own."""


@dataclass(slots=True)
class Properties:
    """A document with canonical keys, and what is odd about it."""

    root: Table
    twice: list[tuple[Scalar, Scalar]] = field(default_factory=list)
    """Of two spellings of a key, the one that counts and the other."""
    gaps: list[Scalar] = field(default_factory=list)
    """Keys of lists of which an index is missing."""
    odd: int = 0

    def count(self) -> None:
        """Count a key that isn't left as it is; raise BadYaml at the bound."""
        self.odd += 1
        if self.odd > MOST_ODD:
            raise BadYaml(TOO_ODD)


@dataclass(slots=True)
class Branch:
    """What is at and below one property."""

    key: Scalar
    leaves: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    """By the property as it is written."""
    below: dict[str, Branch] = field(default_factory=dict)
    line: int = 0


def properties_of(root: Node) -> Properties:
    """Read a document's keys as Spring does."""
    if not isinstance(root, Table):
        return Properties(Table({}))
    top = Branch(Scalar(""), line=root.line)
    found = Properties(Table({}))
    add(top, root, "", (), found)
    made = made_of(top, (), found)
    found.root = made if isinstance(made, Table) else Table({})
    return found


def elements(key: Scalar) -> list[str]:
    """Split a key; an index has brackets, and so has a key that is no text."""
    if not isinstance(value_of(key), str):
        return [f"[{text_of(key)}]"]
    found = [
        part[0] if part[0][0] == "[" or not part[0].isdecimal() else f"[{part[0]}]"
        for part in ELEMENT.finditer(key.text)
    ]
    return found or [key.text]


def compared(element: str) -> str:
    """Return a name as Spring compares it: by its letters and digits."""
    return NOT_COMPARED.sub("", element.lower())


def raw(before: str, key: Scalar) -> str:
    """Write a property as Spring's reader of YAML does."""
    text = key.text if isinstance(value_of(key), str) else f"[{text_of(key)}]"
    return (
        f"{before}{text}" if text.startswith("[") or not before else f"{before}.{text}"
    )


def add(
    branch: Branch,
    table: Table,
    before: str,
    path: tuple[str, ...],
    found: Properties,
) -> None:
    for key, node in table.pairs.values():
        at, below, written = branch, path, raw(before, key)
        if len(written) > LONGEST_NAME:
            raise BadYaml(TOO_LONG, key.line)
        if not compared(key.text) and isinstance(node, Table):
            # To Spring, what is below an empty key is next to it.
            add(branch, node, written, path, found)
            continue
        steps = elements(key)
        for element in steps:
            name = element if element.startswith("[") else canonical(element)
            if len(below) < OF_A_LIST and not INDEX.fullmatch(element):
                name = compared(element)
            below = (*below, name)
            text = element if len(steps) > 1 else key.text
            at = at.below.setdefault(
                name, Branch(Scalar(text, key.line), line=key.line)
            )
        put(at, key, node, written, below, found)


def put(
    branch: Branch,
    key: Scalar,
    node: Node,
    written: str,
    path: tuple[str, ...],
    found: Properties,
) -> None:
    """Put a value where its key leads: of the same property, the later one counts."""
    found.count()
    is_open = len(path) < OF_AN_ACCOUNT or path[1] != ACCOUNTS
    if isinstance(node, Table) and node.pairs and is_open:
        branch.line = node.line
        add(branch, node, written, path, found)
    elif written not in branch.leaves or branch.leaves[written][0].line <= key.line:
        branch.leaves[written] = (key, node)


def made_of(branch: Branch, path: tuple[str, ...], found: Properties) -> Node:
    """Make a tree of it again: lists of indexes, mappings of names."""
    if len(branch.leaves) > 1 or any(map(INDEX.fullmatch, branch.below)):
        spread(branch, path, found)
    leaf = first_leaf(branch, found)
    indexes = {name for name in branch.below if INDEX.fullmatch(name)}
    is_list_of_accounts = path[1:] == (ACCOUNTS,)
    if leaf is not None and (indexes or not branch.below):
        if is_list_of_accounts and isinstance(leaf, Listing) and leaf.items:
            (written,) = branch.leaves
            items = [
                account_of(one, f"{written}[{place}]", path, found)
                for place, one in enumerate(leaf.items)
            ]
            return Listing(items, leaf.line)
        return leaf
    if indexes and (is_list_of_accounts or len(indexes) == len(branch.below)):
        return listed(branch, path, found)
    is_account = len(path) == OF_AN_ACCOUNT - 1 and path[1] == ACCOUNTS
    pairs = {
        (one.key.text if is_account else name): (
            one.key,
            made_of(one, (*path, name), found),
        )
        for name, one in branch.below.items()
    }
    below = leaf.pairs if isinstance(leaf, Table) else {}
    return Table({**below, **pairs}, branch.line)


def spread(branch: Branch, path: tuple[str, ...], found: Properties) -> None:
    """Put the items of lists where indexes in keys are."""
    for written, (key, node) in [*branch.leaves.items()]:
        if isinstance(node, Listing) and node.items:
            del branch.leaves[written]
            for place, item in enumerate(node.items):
                index = Scalar(f"[{place}]", key.line)
                at = branch.below.setdefault(index.text, Branch(index, line=key.line))
                below = (*path, index.text)
                put(at, index, item, f"{written}{index.text}", below, found)


def account_of(
    node: Node, written: str, path: tuple[str, ...], found: Properties
) -> Node:
    """Return an account; one with nothing odd in its keys is as it was."""
    if not isinstance(node, Table) or is_plain_table(node):
        return node
    branch, within = Branch(Scalar("[0]"), line=node.line), (*path, "[0]")
    add(branch, node, written, within, found)
    return made_of(branch, within, found)


def is_plain_table(table: Table) -> bool:
    keys = {canonical(key) for key in table.pairs}
    return len(keys) == len(table.pairs) and not any(
        mark in key for key in table.pairs for mark in ".["
    )


def listed(branch: Branch, path: tuple[str, ...], found: Properties) -> Listing:
    """Return the items up to the first index that is missing."""
    by_place = {int(name[1:-1]): name for name in branch.below if INDEX.fullmatch(name)}
    items: list[Node] = []
    while (place := len(items)) in by_place:
        name = by_place[place]
        items.append(made_of(branch.below[name], (*path, name), found))
    if len(items) < len(by_place):
        found.gaps.append(branch.key)
    return Listing(items, branch.line)


def first_leaf(branch: Branch, found: Properties) -> Node | None:
    """Return the value of the spelling that Spring finds first."""
    if len(branch.leaves) < 2:
        return next((node for _, node in branch.leaves.values()), None)
    spellings = sorted_as_found([*branch.leaves])
    key, node = branch.leaves[spellings[0]]
    for other in spellings[1:]:
        found.twice.append((key, branch.leaves[other][0]))
    return node


def sorted_as_found(spellings: list[str]) -> list[str]:
    """Sort spellings of one property: the name with dashes is tried first, the others
    in the order of Java's hash set.
    """
    dashed = max(spellings, key=lambda one: (one == one.lower(), one.count("-")))
    return sorted(
        spellings,
        key=lambda one: (one != dashed or not is_dashed(one), bucket(one)),
    )


def is_dashed(spelling: str) -> bool:
    return re.fullmatch(r"[a-z0-9.\[\]-]+", spelling) is not None


def bucket(text: str) -> int:
    """Return where Java's hash set of a few texts has this one."""
    found = java_hash(text)
    return (found ^ (found >> 16)) & 15


def java_hash(text: str) -> int:
    """Return Java's hash of a text."""
    data = text.encode("utf-16-be", "surrogatepass")
    found = 0
    for high, low in zip(data[::2], data[1::2], strict=True):
        found = (found * 31 + (high << 8 | low)) & 0xFFFFFFFF
    return found


def flattened(root: Node, before: str = "") -> Iterator[tuple[str, Scalar]]:
    """Yield every property of a document as it is written, for variables."""
    match root:
        case Table(pairs=pairs):
            for key, node in pairs.values():
                if len(name := raw(before, key)) <= LONGEST_NAME:
                    yield from flattened(node, name)
        case Listing(items=items):
            for place, item in enumerate(items):
                yield from flattened(item, f"{before}[{place}]")
        case Scalar() if before:
            yield before, root


class Lookup:
    """Finds properties in documents, those first that win, and reads them once one is
    asked for.
    """

    def __init__(self, roots: Iterable[Node]) -> None:
        self.roots = roots

    @asked_once
    def values(self) -> dict[str, str]:
        every = chain.from_iterable(map(flattened, self.roots))
        return first_of_each((name, text_of(scalar)) for name, scalar in every)

    @asked_once
    def relaxed(self) -> dict[str, str]:
        return first_of_each((canonical(k), text) for k, text in self.values.items())

    def __call__(self, name: str) -> str | None:
        """Return the value of a property: a name in lower case is found in any
        spelling.
        """
        found = self.values.get(name)
        if found is None and name == name.lower():
            found = self.relaxed.get(canonical(name))
        return DEFAULTS.get(name) if found is None else found


def first_of_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in pairs:
        found.setdefault(name, text)
    return found


def shown(key: Scalar) -> str:
    return short(one_line(key.text))
