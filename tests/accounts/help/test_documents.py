"""Help has the documents that docs/README.md lists, and no other file."""

from __future__ import annotations

import pytest

from accounts.help.documents import (
    Document,
    Part,
    document_of,
    documents,
    matching_documents,
    named_documents,
    read_index,
)

INDEX = """\
# Documentation

Some words with [a link](of-no-list.md).

## How-to guides

- [Use real AWS](install/aws.md): the identity
- [Watch](operate/metrics.md)

## Explanation

- [Security](../SECURITY.md): what is protected
- [Architecture](../ARCHITECTURE.md): for developers
- [Elsewhere](../../etc/passwd.md): refused
- [A folder](pages/README.md): refused
- [Evidence](developers/denials.md): refused
- [Below](operate/a/b.md): refused
- [A site](https://example.com/a.md): refused
"""


def test_it_reads_titles_lines_and_paths_by_purpose() -> None:
    aws = Document("aws", "Use real AWS", "the identity", "docs/install/aws.md")
    watch = Document("metrics", "Watch", "", "docs/operate/metrics.md")
    security = Document("security", "Security", "what is protected", "SECURITY.md")

    assert read_index(INDEX) == (
        Part("How-to guides", (aws, watch)),
        Part("Explanation", (security,)),
    )


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.slug)
def test_a_document_begins_with_its_title_and_has_a_line(document: Document) -> None:
    assert document.text.startswith("# ")
    assert document.line


@pytest.mark.parametrize("slug", ["readme", "nowhere", "../SECURITY", "", "docs/api"])
def test_what_is_not_listed_is_no_document(slug: str) -> None:
    assert document_of(slug) is None


def test_what_has_all_words_is_found_and_titles_come_first() -> None:
    found = [one.slug for one in matching_documents("Kubernetes kustomize")]

    assert found[0] == "kubernetes"
    assert [one.slug for one in named_documents("kustomize kubernetes")] == found[:1]
    assert matching_documents("kubernetes nosuchword") == []


def test_a_setting_is_found_in_the_text() -> None:
    assert "settings" in [one.slug for one in matching_documents("stop_seconds")]
