"""Every help text: what a page is for, in a line next to its heading.

All topics are on the page Help and in the search, with those of the choices in forms.
"""

from __future__ import annotations

from accounts.help.choices import CHOICES
from accounts.help.topic import Topic, topics_of

PAGES = topics_of("pages.md")
TOPICS = (*PAGES, *CHOICES)
BY_SLUG = {topic.slug: topic for topic in TOPICS}
BY_PAGE = {page: topic for topic in PAGES for page in topic.pages}


def topic_of(view_name: str) -> Topic | None:
    """Return the topic that explains a page."""
    return BY_PAGE.get(view_name.removeprefix("accounts:"))


def matching_topics(text: str) -> list[Topic]:
    """Find topics by every word of a text."""
    words = text.lower().split()
    return [topic for topic in TOPICS if all(word in topic.said for word in words)]
