"""Every help text: what a page is for, in two to four sentences.

A topic shows next to the heading of its pages, on the page Help, and in the search.
"""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse


class Topic(NamedTuple):
    slug: str
    title: str
    pages: tuple[str, ...]
    """The names of the URLs that it explains."""
    lines: tuple[str, ...]
    document: str = ""
    """The file of the repository that says more."""
    words: str = ""
    """What else people call it."""

    @property
    def url(self) -> str:
        return f"{reverse('accounts:help')}#{self.slug}"


TOPICS = (
    Topic(
        "overview",
        "The overview",
        ("overview",),
        (
            "The picture shows the managing account, where Spinnaker's identity is, "
            "and "
            "every account that Spinnaker may assume, by environment.",
            "An environment has the state of its worst account, so one broken "
            "account is never hidden among good ones.",
            "The page also lists what waits for somebody to act.",
        ),
        "docs/tour.md",
        "topology picture",
    ),
    Topic(
        "managing-account",
        "The managing account",
        ("managing", "managing-plan"),
        (
            "Spinnaker runs with one identity in this account. It assumes one role in "
            "each managed account, and does everything through that.",
            "An edit here can change what every account needs. The affected accounts "
            "are outdated until you plan them again.",
        ),
        words="identity base role managed role",
    ),
    Topic(
        "accounts",
        "The list of accounts",
        ("accounts",),
        (
            "Verified: Bowline assumed Spinnaker's roles and proved each permission. "
            "Evaluated: it only read the policies.",
            "Outdated: the description was edited since it was applied. Drifted: AWS "
            "no longer matches what was approved.",
            "Select accounts to plan, verify, edit or remove many at once. Each change "
            "waits for its own approval.",
        ),
        words="states verified evaluated outdated drifted stale bulk",
    ),
    Topic(
        "account",
        "An account",
        ("account",),
        (
            "The page shows what exists in AWS, what was proved, and what you can do "
            "next.",
            "A bundle holds an account as it was last proved. An edit or a failed "
            "verification changes nothing in bundles.",
        ),
        "docs/why-denied.md",
    ),
    Topic(
        "onboarding",
        "Onboarding an account",
        ("wizard-new", "wizard", "test-access", "access-role"),
        (
            "Five steps describe the account. You can leave after each of them and "
            "come back later.",
            "Nothing in AWS changes until somebody approves the plan, which Bowline "
            "makes after the last step.",
        ),
        "docs/real-aws.md",
        "wizard describe steps access role",
    ),
    Topic(
        "organization",
        "Adding accounts from the organization",
        ("organization",),
        (
            "Bowline lists the accounts of your AWS organization that are not "
            "described "
            "yet.",
            "Select some, and enter once what they have in common. Each becomes a "
            "draft.",
        ),
    ),
    Topic(
        "many",
        "Many accounts at once",
        ("edit-many", "remove-many"),
        (
            "Each account is edited or planned by itself. One that fails is named "
            "with the reason, and does not stop the others.",
            "Plans that are the same for many accounts can be read and approved "
            "together on the page Runs.",
        ),
        words="bulk edit remove",
    ),
    Topic(
        "runs",
        "Runs",
        ("runs",),
        (
            "A run plans an account, waits for approval, applies what was approved, "
            "and verifies it. It is the record of who decided what.",
            "Plans with the same changes can be read once and approved together.",
        ),
        words="plans approve",
    ),
    Topic(
        "plan",
        "Reading and approving a plan",
        ("run", "same-plans"),
        (
            "The plan holds every change in AWS and in Spinnaker's configuration. "
            "Nothing else changes.",
            "Bowline reads AWS again before it applies. If AWS has changed since, the "
            "run stops and you plan again.",
            "Failed checks say who refused, which line of which policy decides, and "
            "what fixes it.",
        ),
        "docs/why-denied.md",
        "run steps checks diff risks denied",
    ),
    Topic(
        "bundles",
        "Bundles",
        ("bundles", "bundle-next"),
        (
            "A bundle is a numbered zip that configures Spinnaker for every account "
            "that was proved.",
            "When Spinnaker has a bundle, mark it as installed on its page. Removals "
            "and new external IDs wait for that.",
        ),
        words="zip halyard spinnaker",
    ),
    Topic(
        "bundle",
        "Using a bundle",
        ("bundle", "bundle-file", "delta"),
        (
            "Three commands install it in Spinnaker. "
            "README.md in the bundle has the details.",
            "The same accounts always make the same bytes, so two bundles can be "
            "compared file by file.",
        ),
        words="hal operator kustomize readme compare",
    ),
    Topic(
        "halconfig",
        "Merging into Halyard's config",
        ("halconfig",),
        (
            "Halyard takes seconds for each account. Merging writes all accounts into "
            "its config at once, and shows what differs.",
            "Bowline does not store the config that you paste.",
        ),
        words="hal config",
    ),
    Topic(
        "permissions",
        "What Spinnaker may do",
        ("rights",),
        (
            "The page says who may assume the managed role, what it may do, and why "
            "each action is needed, with the line of source that calls it.",
            "It is made to be printed for a security review.",
        ),
        words="rights iam policies review security",
    ),
    Topic(
        "settings",
        "Settings",
        ("settings",),
        (
            "Environment variables configure Bowline; .env.example lists them. This "
            "page shows the result, and who Bowline is in AWS.",
            "An administrator decides for each environment whether the person who "
            "plans may also approve.",
        ),
        "README.md",
        "worker database roles four eyes",
    ),
    Topic(
        "search",
        "Searching",
        ("search",),
        (
            "Search finds accounts by name, id and name in Spinnaker, runs by number, "
            "bundles, pages and help.",
            "Press / or Ctrl-K on any page. Arrow keys choose, and Enter opens.",
        ),
        words="find palette keyboard",
    ),
)

BY_PAGE = {f"accounts:{page}": topic for topic in TOPICS for page in topic.pages}


def topic_of(view_name: str) -> Topic | None:
    """Return the topic that explains a page."""
    return BY_PAGE.get(view_name)


def matching_topics(text: str) -> list[Topic]:
    """Find topics by every word of a text."""
    words = text.lower().split()
    return [topic for topic in TOPICS if all(word in said(topic) for word in words)]


def said(topic: Topic) -> str:
    return " ".join((topic.title, topic.words, *topic.lines)).lower()
