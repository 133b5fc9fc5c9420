"""An account that is adopted again: what the sources changed since, value by value.

What Bowline has otherwise than the sources, somebody decided so, and it stays. A value
is taken only where the sources changed it; where both did, somebody is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.accounts_file.managed import WrittenAccount
from onboarding.accounts_file.writing import Written, account_written, yaml_text
from onboarding.adopting.values import AWS, KUBERNETES
from onboarding.names import any_case

Path: TypeAlias = tuple[str, ...]
"""The keys that lead to a value in an accounts file; in lists, the names of things."""
Parts: TypeAlias = dict[Path, Any]

NOTHING: Any = None
"""The value of what is missing."""
UNSAID = ("account_id", "access_role", "adopts", "made_by", "reader_role")
"""Keys of which no source has a value that could change."""
OF_SOURCES = ("key_pair", "account_name", "clusters")
"""Details of providers that sources have. A detail that they never have, such as
`more_roles`, is missing from all of them, and says nothing.
"""
HIDDEN = "not shown"


class Difference(NamedTuple):
    """A value that the sources have otherwise than when they were last adopted."""

    path: Path
    before: Any
    """In the sources then; None: it was missing, or isn't known."""
    now: Any
    """In the sources."""
    here: Any
    """In Bowline."""
    is_conflict: bool
    """Whether Bowline has changed it since, too: somebody is asked."""
    is_known: bool = True
    """Whether it is known what the sources had."""
    is_taken: bool = True
    is_answered: bool = True

    @property
    def field(self) -> str:
        return ".".join(one for one in self.path if one != "providers")


@dataclass(frozen=True, slots=True)
class Merged:
    """An account as an accounts file would have it now."""

    written: Written
    differences: tuple[Difference, ...]
    adopted_from: Written | None
    """What to compare the sources with the next time; None: not known."""

    @property
    def changes(self) -> Iterator[Difference]:
        return (one for one in self.differences if one.is_taken)


def read_alone(written: Written, partition: str) -> WrittenAccount:
    """Read one account as an accounts file has it; raise FileProblems."""
    content = yaml_text(None, [written]).encode()
    return read_accounts_file(content, partition=partition).accounts[0]


def in_one_form(written: Written, partition: str) -> Written:
    """Write an account as Bowline would write it; raise FileProblems."""
    return account_written(read_alone(written, partition))


def merged(
    before: Written | None,
    now: Written,
    here: Written,
    left: Collection[str] = (),
    partition: str = "aws",
    *,
    take: Collection[str] = (),
    keep: Collection[str] = (),
) -> Merged:
    """Merge what the sources have now into what Bowline has. `before` is what they had
    when they were last adopted; None: not known. `left` are names in any case that the
    sources have and Bowline can't take: they don't count as removed. `take` and `keep`
    answer conflicts by their fields.

    Raise FileProblems where the result, or what the sources have, can't be described.
    """
    found = named_alike(in_one_form(now, partition), here["name"])
    known: Written | None = None
    if is_readable(before, partition):
        known = named_alike(in_one_form(before or {}, partition), here["name"])
    had, has, own = (parts_of(one or {}) for one in (known, found, here))
    differences = [
        answered(one, take, keep)
        for one in differing(had if known else None, has, own, left)
    ]
    taken = [one for one in differences if one.is_taken]
    written = here
    if taken:
        written = whole(put(own, ((one.path, has) for one in taken)), here)
        written = in_one_form(written, partition)
    open_ = [one for one in differences if one.is_conflict and not one.is_answered]
    base: Written | None = now
    if open_:
        base = known and whole(put(has, ((one.path, had) for one in open_)), found)
    if base is not now and not is_readable(base, partition):
        base = before
    return Merged(written, tuple(differences), base)


def is_readable(written: Written | None, partition: str) -> bool:
    try:
        return written is not None and bool(in_one_form(written, partition))
    except FileProblems:
        return False


def answered(
    one: Difference, take: Collection[str], keep: Collection[str]
) -> Difference:
    if not one.is_conflict:
        return one
    is_taken = one.field in take
    return one._replace(is_taken=is_taken, is_answered=is_taken or one.field in keep)


def named_alike(written: Written, name: str) -> Written:
    """Write an account by its other name that Bowline has as its first one."""
    others = {one["name"]: one for one in written.get("also_as", ())}
    if name == written["name"] or name not in others:
        return written
    other = others.pop(name)
    old = {
        "name": written["name"],
        "regions": written["regions"],
        "permissions": {"READ": [], "WRITE": [], **written.get("permissions", {})},
    }
    carried = {**written.get("carried", {})}
    if fields := carried.pop(AWS, None):
        old["carried"] = {AWS: fields}
    if fields := other.get("carried", {}).get(AWS):
        carried[AWS] = fields
    # What is named after the first name stays as it is.
    said = whole({**parts_of(written), ("name",): name}, written)
    groups = other.get("permissions", written.get("permissions", {}))
    said |= {
        "name": name,
        "regions": other.get("regions", written["regions"]),
        "permissions": {verb: names for verb, names in groups.items() if names},
        "carried": carried,
        "also_as": [*others.values(), old],
    }
    return {key: value for key, value in said.items() if value not in ({}, [])}


def parts_of(written: Written) -> Parts:
    """Return each value by its path. What an account has, or doesn't have, as a whole
    (a provider, a cluster, another name) is True at its own path.
    """
    parts: Parts = {}
    for key, value in written.items():
        if key in UNSAID:
            continue
        if key == "permissions":
            parts |= {(key, verb): names for verb, names in value.items()}
        elif key == "carried":
            parts |= carried_parts(value)
        elif key == "also_as":
            for one in value:
                parts |= things(key, one["name"], one)
        elif key == "providers":
            for provider, details in value.items():
                parts |= provider_parts(provider, details, written["name"])
        else:
            parts[key,] = value
    return parts


def carried_parts(carried: Mapping[str, Any]) -> Parts:
    parts: Parts = {}
    for kind, fields in carried.items():
        for field, value in fields.items():
            if kind == KUBERNETES:
                parts |= {("carried", kind, field, k): v for k, v in value.items()}
            else:
                parts["carried", kind, field] = value
    return parts


def provider_parts(provider: str, details: Written, name: str) -> Parts:
    parts: Parts = {("providers", provider): True}
    if provider == "ecs":
        details = {"account_name": f"{name}-ecs", **details}
    for field, value in details.items():
        if field != "clusters":
            parts["providers", provider, field] = value
            continue
        for one in value:
            called = f"{one['region']}/{one['name']}"
            parts |= {
                ("providers", provider, *path): inner
                for path, inner in things(field, called, one).items()
            }
    return parts


def things(key: str, name: str, fields: Written) -> Parts:
    return {(key, name): True} | {(key, name, k): v for k, v in fields.items()}


def is_whole(path: Path) -> bool:
    """Return whether it is the path of a thing, rather than of a value of one."""
    match path:
        case ("providers", _) | ("providers", _, "clusters", _) | ("also_as", _):
            return True
    return False


def within(parts: Parts, path: Path) -> Parts:
    return {one: value for one, value in parts.items() if one[: len(path)] == path}


def whole(parts: Parts, like: Written) -> Written:
    """Write the parts, with the keys that no source has as they are in another one."""
    written: Written = {key: like[key] for key in UNSAID if key in like}
    for path, value in parts.items():
        inner = written
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        if is_whole(path):
            inner.setdefault(path[-1], {})
        else:
            inner[path[-1]] = value
    providers = written.setdefault("providers", {})
    for owner, key in ((written, "also_as"), (providers.get("eks", {}), "clusters")):
        if key in owner:
            owner[key] = list(owner[key].values())
    ecs = providers.get("ecs", {})
    if ecs.get("account_name") == f"{written['name']}-ecs":
        del ecs["account_name"]
    return written


def put(parts: Parts, some: Iterable[tuple[Path, Parts]]) -> Parts:
    """Put values of others in the place of these."""
    result = dict(parts)
    for path, others in some:
        for one in within(result, path):
            if one not in others:
                del result[one]
        result |= within(others, path)
    return dict(sorted(result.items(), key=lambda one: len(one[0])))


def differing(
    had: Parts | None, has: Parts, own: Parts, left: Collection[str]
) -> Iterator[Difference]:
    """Yield what the sources changed since they had this; None: not known."""
    done: set[Path] = set()
    every = dict.fromkeys([*own, *has, *(had or {})])
    for path in sorted(every, key=len):
        if any(path[:end] in done for end in range(1, len(path))):
            continue
        if is_whole(path):
            if path in own and path in has:
                continue
            done.add(path)
        if path not in has and is_left(path, own, left):
            continue
        before, now, here = (within(one, path) for one in (had or {}, has, own))
        if here == now or (had is not None and before == now):
            continue
        if had is None and not now and is_never_said(path):
            continue
        yield Difference(
            path,
            shown(before, path),
            shown(now, path),
            shown(here, path),
            had is None or before != here,
            is_known=had is not None,
        )


def is_left(path: Path, own: Parts, left: Collection[str]) -> bool:
    """Return whether sources have it after all, as an account that can't be taken."""
    match path:
        case ("providers", "ecs", *_) | ("carried", "ecs", *_):
            name = own.get(("providers", "ecs", "account_name"))
        case ("providers", "eks", "clusters", cluster, *_):
            name = own.get(("providers", "eks", "clusters", cluster, "account_name"))
        case ("providers", "eks"):
            clusters = [p for p in own if p[:3] == (*path, "clusters") and len(p) == 4]
            return any(is_left(one, own, left) for one in clusters)
        case ("also_as", name, *_) | ("carried", "kubernetes", name, *_):
            pass
        case _:
            return False
    return any_case(str(name)) in left


def is_never_said(path: Path) -> bool:
    """Return whether it is a detail that sources never have."""
    return path[0] == "providers" and len(path) > 2 and path[2] not in OF_SOURCES


def shown(parts: Parts, path: Path) -> Any:
    """Return a value, or a thing with its values; an external ID isn't shown."""
    if path == ("external_id",) and isinstance(parts.get(path), str):
        return HIDDEN
    if not is_whole(path):
        return parts.get(path)
    if not parts:
        return NOTHING
    return {".".join(one[len(path) :]): v for one, v in parts.items() if one != path}
