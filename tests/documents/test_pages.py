"""Pages for users have one form: who needs it first, what to do, what comes next."""

from __future__ import annotations

import re
from pathlib import Path

from accounts.help.documents import documents

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LOOKED_UP = {
    "reference",
    "explain",
    "start/concepts",
    "spinnaker/choose",
    "operate/troubleshooting",
}
"""Pages, and folders of them, that are looked up in and not followed step by step."""
FOLLOWED = ("Before you begin", "Verify", "Next steps")
A_SCREEN = 600
"""Words of the README."""
IN_A_FOLDER = 12


def texts() -> dict[str, str]:
    """Give the pages of docs/ that users read, by folder and name."""
    pages = [one for one in documents() if one.path.startswith("docs/")]
    return {
        one.path.removeprefix("docs/").removesuffix(".md"): one.text for one in pages
    }


LABEL = re.compile(
    r"\b(?:[Cc]hoose|[Oo]pen|[Uu]nder|[Ii]n the|[Oo]n the|[Tt]urn on) "
    r"(?:\*\*)(?!`)([^*]+)\*\*"
)
"""What the site calls something that the reader looks for or presses."""
VARIES = re.compile(r"\s*(?:\d.*| accountdev)$")


def of_the_site() -> str:
    """Read what pages say, as one line of words in lower case."""
    globs = ("templates/**/*.html", "accounts/**/*.py", "onboarding/description/*.py")
    texts = " ".join(path.read_text() for one in globs for path in ROOT.glob(one))
    joined = re.sub(r'"\s+"', "", re.sub(r"<[^>]*>", "", texts))
    return " ".join(joined.split()).lower()


def labels(text: str) -> set[str]:
    """List the labels that a page tells to choose or open, each step of a path."""
    found = (" ".join(label.split()) for label in LABEL.findall(text))
    return {VARIES.sub("", step) for label in found for step in label.split(" → ")}


def test_what_a_page_says_to_choose_is_on_the_site() -> None:
    site = of_the_site()
    missing = {
        f"{name}: {label}"
        for name, text in texts().items()
        for label in labels(text)
        if label.lower() not in site
    }

    assert missing == set()
    assert len({label for text in texts().values() for label in labels(text)}) > 40


def is_looked_up(name: str) -> bool:
    return bool({name, name.partition("/")[0]} & LOOKED_UP)


def test_a_page_opens_with_a_paragraph_on_who_needs_it() -> None:
    opening = {name: text.split("\n\n")[1] for name, text in texts().items()}

    assert [name for name, first in opening.items() if first[:1] in "#|-!`"] == []


def test_a_page_that_is_followed_says_what_comes_before_and_after() -> None:
    missing = {
        f"{name}: {heading}"
        for name, text in texts().items()
        for heading in FOLLOWED
        if not is_looked_up(name)
        if not re.search(rf"^#+ {heading}", text, re.MULTILINE)
    }

    assert missing == set()


def test_a_folder_is_taken_in_at_a_glance() -> None:
    folders = {path.parent for path in DOCS.glob("*/*.md")}
    sizes = {folder.name: len([*folder.glob("*.md")]) for folder in folders}

    assert len(sizes) > 8
    assert {name: n for name, n in sizes.items() if n > IN_A_FOLDER} == {}


def test_the_readme_is_a_screen_and_runs_the_demo_and_the_tests() -> None:
    readme = (ROOT / "README.md").read_text()

    assert len(readme.split()) <= A_SCREEN
    assert re.findall(r"^(script/\w+) ", readme, re.MULTILINE) == [
        "script/demo",
        "script/test",
    ]
