"""Documents over documents, as Spring binds them: a map is merged with the map below
it, and a list replaces the whole list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onboarding.adopting.sources.documents import text_of
from onboarding.adopting.sources.files import BadSource
from onboarding.adopting.sources.layers import INSTEAD, Loaded, in_line
from onboarding.adopting.sources.properties import ACCOUNTS, Lookup, shown
from onboarding.adopting.sources.variables import START, filled
from onboarding.adopting.values import PROVIDERS, Finding
from onboarding.carried.table import canonical
from onboarding.spinnaker.halconfig.tree import Listing, Node, Scalar, Table

START_FAILS = "start-fails"
UNREADABLE = (
    "Clouddriver doesn't start with {}: {}.accounts is no list. This report ignores it."
)
NO_LIST = "{}: {}.accounts is no list. Spinnaker ignores it, and so does this report."
GAP = (
    "Clouddriver doesn't start with {}: an index of “{}” is missing. This report has "
    "what comes before."
)
DEFAULTS_TAKEN = (
    "{}: values of other properties have variables with a default, and this report has "
    "the default: {}."
)
NOT_PLAIN = (
    "{}, Bowline doesn't follow a variable other than ${{NAME}} or ${{NAME:default}} "
    "with plain text for its value; {}"
)
MOST_FILLED = 16 * 1024 * 1024
"""Characters of all texts with variables."""
TOO_MUCH = f"Its variables make more than {MOST_FILLED:,} characters."


class Overlay:
    """What documents say together, the lowest first."""

    def __init__(self, documents: Sequence[Loaded]) -> None:
        self.documents = documents
        self.length = 0
        self.findings: dict[Finding, None] = {}
        self.sections: dict[str, Table] = {}
        """By provider, its settings with canonical keys."""
        self.places: dict[str, str] = {}
        """By provider, the file whose list of accounts counts."""
        self.others: dict[str, int] = {}
        """Of providers that Bowline doesn't know, how many accounts they have."""
        for one in documents:
            self.note_keys(one)
            for name, (key, section) in one.read.root.pairs.items():
                if not isinstance(section, Table):
                    continue
                if name in PROVIDERS:
                    self.add(one, name, section)
                elif count := len(section.tables(ACCOUNTS)):
                    self.others[key.text] = count
        lookup = Lookup(one.root for one in reversed(documents))
        for name, section in self.sections.items():
            place = self.places.get(name, "")
            self.sections[name] = self.filled_in(place, section, lookup)

    def note(self, kind: str, says: str, *names: str) -> None:
        self.findings[Finding(kind, says, names)] = None

    def add(self, document: Loaded, provider: str, section: Table) -> None:
        below = self.sections.get(provider, Table({}))
        if ACCOUNTS in section.pairs:
            section = self.with_accounts(document, provider, below, section)
        self.sections[provider] = over(below, section)

    def with_accounts(
        self, document: Loaded, provider: str, below: Table, section: Table
    ) -> Table:
        """Note what the list hides; leave out what Spring doesn't take for a list."""
        _, accounts = section.pairs[ACCOUNTS]
        if isinstance(accounts, Table) or not is_list(accounts):
            stops = not (isinstance(accounts, Table) and accounts.pairs)
            says = UNREADABLE if stops else NO_LIST
            kind = START_FAILS if stops else "accounts-unreadable"
            self.note(kind, says.format(document.path, provider))
            return section.without(ACCOUNTS)
        here = set(account_names(section))
        hidden = [name for name in account_names(below) if name not in here]
        if hidden:
            self.note(
                "hidden-list",
                f"{document.path} has a list {provider}.accounts. A list replaces a "
                "list, so Spinnaker doesn't see the list of "
                f"{self.places[provider]}. Accounts that are hidden so: "
                f"{len(hidden)}.",
                *sorted(hidden),
            )
        self.places[provider] = document.path
        return section

    def note_keys(self, document: Loaded) -> None:
        for one, other in document.read.twice:
            self.note(
                "two-spellings",
                f"{document.path}, line {other.line}: “{shown(one)}” and "
                f"“{shown(other)}” are one key for Spinnaker. “{shown(one)}” in line "
                f"{one.line} counts.",
            )
        for key in document.read.gaps:
            self.note(START_FAILS, GAP.format(document.path, shown(key)))

    def filled_in(self, path: str, node: Table, lookup: Lookup) -> Table:
        """Put the values of other properties in the place of variables."""
        return Table(
            {
                name: (key, self.filled_node(path, inner, lookup))
                for name, (key, inner) in node.pairs.items()
            },
            node.line,
        )

    def filled_node(self, path: str, node: Node, lookup: Lookup) -> Node:
        match node:
            case Table():
                return self.filled_in(path, node, lookup)
            case Listing(items=items):
                made = [self.filled_node(path, one, lookup) for one in items]
                return Listing(made, node.line)
            case Scalar(text=text) if START in text:
                found = filled(text_of(node), lookup)
                self.length += len(found.text)
                if not found.is_plain:
                    says = NOT_PLAIN.format(in_line(node.line), INSTEAD)
                    raise BadSource(self.path_of(node), says)
                if self.length > MOST_FILLED:
                    raise BadSource(self.path_of(node), TOO_MUCH)
                if found.known:
                    if found.defaults:
                        names = ", ".join(found.defaults)
                        self.note(
                            "variable-default", DEFAULTS_TAKEN.format(path, names)
                        )
                    return Scalar(found.text, node.line)
        return node

    def path_of(self, scalar: Scalar) -> str:
        """Return the file that a text is from."""
        return next(
            one.path
            for one in reversed(self.documents)
            if any(each is scalar for each in scalars(one.root))
        )


def scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Table):
        for _, inner in node.pairs.values():
            yield from scalars(inner)
    else:
        for item in node.items:
            yield from scalars(item)


def is_list(node: Node) -> bool:
    """Return whether Spring takes it for a list: also a text of nothing."""
    return isinstance(node, Listing) or (isinstance(node, Scalar) and not text_of(node))


def over(below: Table, above: Table) -> Table:
    """Merge maps, and let everything else replace what is below it."""
    pairs = dict(below.pairs)
    for name, (key, node) in above.pairs.items():
        under = pairs.get(name, (key, None))[1]
        if isinstance(node, Table) and isinstance(under, Table):
            node = over(under, node)
        pairs[name] = (key, node)
    return Table(pairs, above.line)


def account_names(section: Table) -> Iterator[str]:
    """Yield the names of a section's accounts, as they are written."""
    for account in section.tables(ACCOUNTS):
        for key, node in account.pairs.values():
            if canonical(key.text) == "name" and isinstance(node, Scalar):
                yield filled(node.text).text
