from __future__ import annotations

from accounts.web.bundles.views import Folder, Leaf, tree

PATHS = [
    "README.md",
    "aws/accounts.json",
    "aws/ec2/policies/BowlineRead.json",
    "aws/ec2/trust.json",
    "hal/accounts.yml",
    "hal/profiles/deck.js",
]


def opened(folder: Folder, place: str = "") -> list[str]:
    """Name each open folder by its path."""
    found = []
    for inner in folder.folders:
        if inner.is_open:
            found.append(f"{place}{inner.name}")
        found += opened(inner, f"{place}{inner.name}/")
    return found


def test_a_folder_holds_its_files_and_then_its_folders() -> None:
    root = tree(PATHS, "README.md", 99)

    assert root.files == (Leaf("README.md", "README.md"),)
    assert [one.name for one in root.folders] == ["aws", "hal"]
    aws, _ = root.folders
    assert aws.files == (Leaf("accounts.json", "aws/accounts.json"),)
    assert aws.folders[0].files == (Leaf("trust.json", "aws/ec2/trust.json"),)


def test_a_folder_counts_its_files_at_any_depth() -> None:
    aws, hal = tree(PATHS, "README.md", 99).folders

    assert (aws.total, aws.folders[0].total, hal.total) == (3, 2, 2)


def test_only_the_first_folder_is_open_at_first() -> None:
    assert opened(tree(PATHS, "README.md", 99)) == ["aws"]


def test_the_folders_of_the_current_file_are_open() -> None:
    current = "hal/profiles/deck.js"

    assert opened(tree(PATHS, current, 99)) == ["aws", "hal", "hal/profiles"]


def test_a_large_tree_shows_the_first_files_and_counts_all() -> None:
    (aws,) = tree(PATHS, "README.md", 2).folders

    assert aws.total == 3
    assert aws.folders == ()


def test_no_files_are_no_tree() -> None:
    assert tree([], "README.md", 99) == Folder("", 0, False, (), ())
