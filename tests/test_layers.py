"""Who may import whom: the floors of the engine and of the app, the lowest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.test_structure import (
    APP,
    ENGINE,
    ROOT,
    SITE,
    dotted,
    imports,
    modules,
    name_of,
)

LAYERS = (
    {
        "names",
        "carried",
        "partitions",
        "details",
        "grants",
        "checks",
        "topology",
        "bounded_cpu",
        "bounded_yaml",
        "asked_once",
        "aws_calls",
        "subnets",
        "VERSION",
    },
    {"description", "resources"},
    {"providers"},
    {"desired"},
    {"aws", "review", "spinnaker"},
    {"access_role", "delivery", "verify"},
    {"accounts_file", "handoff"},
    {"adopting"},
)
"""The engine's floors, the lowest first: each may import its own and those below."""


ROOMS = (
    {
        "closed_sets",
        "http",
        "models",
        "packed",
        "refused",
        "secrets",
        "slices",
        "wording",
    },
    {"people"},
    {"decisions"},
    {"work"},
    {"notifications"},
    {"factors", "mapping", "tokens"},
    {"spinnaker"},
    {"external_ids"},
    {"runs"},
    {"discover", "operations", "review"},
    {"help", "lists"},
    {"forms"},
    {"notify", "workers"},
    {"web", "api"},
)
"""The app's floors, likewise. What makes a room of a floor its own imports no other."""
DOORS = {"", "admin", "admin_site", "apps", "management", "tasks", "templatetags"}
"""By them Django, Celery and people come in: they may import everything."""


def room_of(path: Path, package: str) -> str:
    first = path.relative_to(ROOT / package).parts[0].removesuffix(".py")
    return first.removeprefix("__init__")


def upward(path: Path, package: str, floors: Sequence[set[str]]) -> set[str]:
    """Name the rooms that a module imports and that are not below it."""
    here = room_of(path, package)
    floor = next(n for n, rooms in enumerate(floors) if here in rooms)
    below = set().union(*floors[:floor]) | {here}
    beside = floors[0] if floor == 0 else set()

    rooms = {n.split(".")[1] for n in imports(path) if n.startswith(f"{package}.")}
    of_the_admin_site = {"admin_site"} if path.stem == "admin" else set()
    return rooms - below - beside - of_the_admin_site


@pytest.mark.parametrize(("package", "floors"), [(ENGINE, LAYERS), (APP, ROOMS)])
def test_a_room_imports_what_is_below_it_only(
    package: str, floors: Sequence[set[str]]
) -> None:
    found = {
        name_of(path): upward(path, package, floors)
        for path in modules(package)
        if room_of(path, package) not in DOORS
    }

    assert {name: rooms for name, rooms in found.items() if rooms} == {}
    assert len(found) > 100


def test_no_module_imports_itself_by_a_detour() -> None:
    """Imports for types count, too: a circle means code in the wrong place."""
    paths = {dotted(path): path for path in modules(SITE, APP, ENGINE)}
    edges = {
        name: {target(found, paths) for found in imports(path)} & paths.keys() - {name}
        for name, path in paths.items()
    }

    while leaves := [name for name, to in edges.items() if not to & edges.keys()]:
        for name in leaves:
            del edges[name]

    assert not edges


def target(imported: str, paths: Mapping[str, Path]) -> str:
    """Name the module that an import is of: the name itself, or what holds it."""
    return imported if imported in paths else imported.rpartition(".")[0]
