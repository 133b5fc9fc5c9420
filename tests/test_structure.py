"""The rules of ARCHITECTURE.md that a machine can read: who imports whom, and so on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)[^>]*>\s*[^<\s]|<style|\sstyle=["']|\son[a-z]+=["']"""
)


def modules(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of every module, and of every name, that is imported."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # What is shipped to run beside hal goes by another name there.
            assert not node.level or path.parent.name == "hal", f"{path}: relative"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules("onboarding"), ids=name_of)
def test_the_engine_does_not_import_accounts(path: Path) -> None:
    assert "accounts" not in imported_tops(path)


BELOW = {
    "": set(),
    "resources": {""},
    "providers": {"", "resources"},
    "desired": {"", "resources", "providers"},
    "review": {"", "resources", "providers", "desired"},
    "spinnaker": {"", "resources", "providers", "desired"},
    "aws": {"", "resources"},
    "verify": {"", "resources", "providers", "desired", "aws"},
    "accounts_file": {"", "providers", "desired"},
}
"""What each part of the engine may import; "" are the modules that all may use."""


def part_of(name: str) -> str:
    """Name the part of the engine that this module, or a name in it, belongs to."""
    part = name.removeprefix("onboarding.").split(".")[0]
    return part if part in BELOW else ""


@pytest.mark.parametrize("path", modules("onboarding"), ids=name_of)
def test_the_engine_imports_downwards_only(path: Path) -> None:
    own = part_of(module_of(path))
    imported = {part_of(n) for n in imports(path) if n.startswith("onboarding.")}

    assert imported <= BELOW[own] | {own}


def module_of(path: Path) -> str:
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_no_modules_import_each_other() -> None:
    """Imports for types count too: two modules that need each other are one topic."""
    paths = {
        module_of(path): path for path in modules("bowline", "onboarding", "accounts")
    }
    imported = {
        name: {
            wanted if wanted in paths else wanted.rpartition(".")[0]
            for wanted in imports(path)
        }
        for name, path in paths.items()
    }

    order = [*TopologicalSorter(imported).static_order()]

    assert paths.keys() <= {*order}


@pytest.mark.parametrize("path", modules("accounts", "onboarding"), ids=name_of)
def test_boto3_is_imported_in_onboarding_aws_only(path: Path) -> None:
    if ROOT / "onboarding" / "aws" in path.parents:
        return

    assert not imported_tops(path) & {"boto3", "botocore"}


@pytest.mark.parametrize("path", modules("onboarding"), ids=name_of)
def test_the_engine_imports_no_django_but_a_providers_form(path: Path) -> None:
    allowed = {"providers"} & {path.parent.name}

    django = {name for name in imports(path) if name.split(".")[0] == "django"}

    assert not django or allowed
    assert all(name.startswith(("django.forms", "django.core")) for name in django)


@pytest.mark.parametrize(
    ("folder", "table"),
    [("providers", "providers"), ("spinnaker/bundle/formats", "spinnaker/bundle")],
)
def test_siblings_meet_in_a_table_only(folder: str, table: str) -> None:
    """A provider or a format may import what they share, not another of its kind."""
    room = ROOT / "onboarding" / folder
    prefix = f"onboarding.{folder.replace('/', '.')}."
    listed = (ROOT / "onboarding" / table / "__init__.py").read_text()
    siblings = {path.stem for path in room.glob("*.py") if prefix + path.stem in listed}

    assert siblings
    for path in room.glob("*.py"):
        if path.stem in siblings:
            others = {
                name.removeprefix(prefix).split(".")[0]
                for name in imports(path)
                if name.startswith(prefix)
            }
            assert not others & (siblings - {path.stem, "base"}), path


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=name_of
)
def test_templates_hold_no_inline_script_or_style(path: Path) -> None:
    found = INLINE.search(path.read_text())

    assert found is None, found


@pytest.mark.parametrize("path", modules("onboarding", "accounts"), ids=name_of)
def test_no_arn_is_bound_to_one_partition(path: Path) -> None:
    """ARNs are written by onboarding/partitions.py, which knows GovCloud and China."""
    literals = {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert not [text for text in literals if "arn:aws:" in text]
