"""Every help text: what a page is for, in a line next to its heading.

All topics are on the page Help and in the search, with those of the choices in forms.
"""

from __future__ import annotations

from accounts.help.choices import CHOICES
from accounts.help.topic import Topic
from accounts.web.help.settings_topics import SETTINGS

PAGES = (
    Topic(
        "overview",
        "The overview",
        "See which accounts Spinnaker may assume, and what waits for somebody to act.",
        (
            "The picture shows the managing account, where Spinnaker's identity is, "
            "and every account that Spinnaker may assume, by environment.",
            "An environment has the state of its worst account, so one broken "
            "account is never hidden among good ones.",
        ),
        ("overview",),
        words="topology picture",
    ),
    Topic(
        "managing-account",
        "The managing account",
        "Spinnaker runs in this account, and assumes a role in each other one.",
        (
            "Spinnaker does everything through these roles.",
            "An edit here can change what every account needs. The affected accounts "
            "are outdated until you plan them again.",
        ),
        ("managing", "managing-plan"),
        "identities",
        "identity base role managed role",
    ),
    Topic(
        "accounts",
        "The list of accounts",
        "Select accounts to plan, verify, edit or remove many at once.",
        (
            "Verified: Bowline assumed Spinnaker's roles and proved each permission. "
            "Evaluated: it only read the policies.",
            "Outdated: the description was edited since it was applied. Drifted: AWS "
            "no longer matches what was approved.",
            "Each change waits for its own approval.",
        ),
        ("accounts",),
        words="states verified evaluated outdated drifted stale bulk",
    ),
    Topic(
        "account",
        "An account",
        "See what exists in AWS, what was proved, and what you can do next.",
        (
            "A bundle holds an account as it was last proved. An edit or a failed "
            "verification changes nothing in bundles.",
        ),
        ("account",),
        "denials",
    ),
    Topic(
        "onboarding",
        "Onboarding an account",
        "Five steps describe the account. Nothing in AWS changes meanwhile.",
        (
            "You can leave after each step and come back later.",
            "After the last step Bowline makes a plan. Nothing in AWS changes until "
            "somebody approves it.",
        ),
        ("wizard-new", "wizard", "test-access", "access-role"),
        "access-roles",
        "wizard describe steps access role",
    ),
    Topic(
        "organization",
        "Adding accounts from the organization",
        "Select accounts, and enter once what they have in common.",
        (
            "A worker reads the accounts of your AWS organization, and Bowline keeps "
            "them with their organizational units.",
            "Each account that you add becomes a draft. To add a whole unit, filter by "
            "it and select all that match.",
            "“Watch for new accounts” makes drafts of accounts that join a unit later.",
        ),
        ("organization", "organization-adding", "organization-watch"),
        "access-roles",
    ),
    Topic(
        "from-file",
        "Adding accounts from a file",
        "Add and change many accounts with a CSV or YAML file.",
        (
            "Bowline checks the whole file first. If a line has an error, nothing is "
            "saved.",
            "The preview shows which accounts are new, changed or the same. Accounts "
            "that are not in the file stay as they are.",
            "New accounts become drafts. Plan them together as a rollout.",
        ),
        ("from-file", "file-preview"),
        words="csv yaml upload import export template",
    ),
    Topic(
        "many",
        "Many accounts at once",
        "Each account is edited or planned by itself.",
        (
            "One that fails is named with the reason, and does not stop the others.",
            "Plans that are the same for many accounts can be read and approved "
            "together on the page Runs.",
            "To remove accounts, Bowline first takes all of them from the policy of "
            "Spinnaker's identity, with one plan of the managing account.",
            "Their roles are deleted in waves once that is verified.",
        ),
        ("edit-many", "remove-many", "rotate-many"),
        words="bulk edit remove rotate external id",
    ),
    Topic(
        "clusters-of-many",
        "EKS clusters of many accounts",
        "Add the clusters of many accounts to Spinnaker at once.",
        (
            "A worker lists the clusters in every account that you selected, in its "
            "regions. Accounts that it cannot read are named with the reason.",
            "Select clusters one by one, or filter them by a pattern like prod-* and "
            "select all that match.",
            "A name that Spinnaker cannot take, or that two clusters would have, is "
            "shown before anything is saved.",
        ),
        ("clusters",),
        "clusters",
        words="eks kubernetes bulk",
    ),
    Topic(
        "runs",
        "Runs",
        "A run is the record of a change and of who decided it.",
        (
            "A run plans an account, waits for approval, applies what was approved, "
            "and verifies it.",
            "Plans with the same changes can be read once and approved together.",
        ),
        ("runs",),
        words="plans approve",
    ),
    Topic(
        "rollouts",
        "Rollouts",
        "A rollout plans many accounts at once and applies them in waves.",
        (
            "Plans with the same changes are approved together, as a group.",
            "The first wave is one account, the second a tenth of all, and the last "
            "the rest. You can change what has not begun.",
            "A rollout pauses by itself when too many accounts fail. Resume it, or "
            "stop it: what has changed nothing in AWS is then discarded.",
        ),
        ("rollouts", "rollout", "rollout-group"),
        "plan",
        "many bulk waves pause",
    ),
    Topic(
        "plan",
        "Reading and approving a plan",
        "The plan holds every change in AWS and in Spinnaker. Nothing else changes.",
        (
            "Bowline reads AWS again before it applies. If AWS has changed since, the "
            "run stops and you plan again.",
            "Failed checks say who refused, which line of which policy decides, and "
            "what fixes it.",
        ),
        ("run", "same-plans"),
        "denials",
        "run steps checks diff risks denied",
    ),
    Topic(
        "denials",
        "Where a denial comes from",
        "Each failed check says which document decides.",
        (
            "Our policy: Bowline's own policy is missing, detached or too small.",
            "Their policy: somebody else's policy on the same role or user denies it.",
            "Their trust: the trust policy of the role does not allow the caller.",
            "A condition: it is not met, or only AWS can judge it.",
            "A boundary: the role's permissions boundary does not allow it.",
            "Denied higher up: everything that Bowline can read allows it, but AWS "
            "denies it. A policy of the organization may be the reason.",
            "Not there: what is required does not exist, or is in another place.",
            "Bowline itself: its credentials are rejected, or AWS does not answer.",
        ),
        words="denied refused accessdenied",
    ),
    Topic(
        "bundles",
        "Bundles",
        "A bundle is a zip that configures Spinnaker for every proved account.",
        (
            "When Spinnaker has a bundle, mark it as installed on its page. Removals "
            "and new external IDs wait for that.",
        ),
        ("bundles", "bundle-next"),
        words="zip halyard spinnaker",
    ),
    Topic(
        "bundle",
        "Using a bundle",
        "Three commands install it in Spinnaker.",
        (
            "README.md in the bundle has the details.",
            "The same accounts always make the same bytes, so two bundles can be "
            "compared file by file.",
        ),
        ("bundle", "bundle-file", "delta"),
        words="hal operator kustomize readme compare",
    ),
    Topic(
        "deliveries",
        "Delivering to a running Spinnaker",
        "A delivery changes Spinnaker's accounts without a file or a restart.",
        (
            "It is planned, read and approved like a run. Its plan says what is added, "
            "changed, removed, taken over and left alone.",
            "An account that Bowline did not make is never touched, unless somebody "
            "agrees to it by name.",
            "Bowline then watches until Spinnaker has loaded the accounts. If that "
            "takes too long, it lists likely causes, the likeliest first.",
        ),
        ("deliveries", "delivery"),
        words="live gate push take over loaded",
    ),
    Topic(
        "halconfig",
        "Merging into Halyard's config",
        "Bowline merges the accounts into the config. It does not store the config.",
        (
            "Halyard takes seconds for each account. Merging writes all accounts into "
            "its config at once, and shows what differs.",
        ),
        ("halconfig",),
        words="hal config",
    ),
    Topic(
        "permissions",
        "What Spinnaker may do",
        "See who may assume the managed role, and why it has each permission.",
        (
            "Each action has the line of Spinnaker's source that calls it.",
            "You can print the page for a security review.",
        ),
        ("rights",),
        words="rights iam policies review security",
    ),
    Topic(
        "policies-of-others",
        "Policies of others",
        "See what roles may do that nobody approved here.",
        (
            "Each verification reads every policy of the roles that Bowline vouches "
            "for, and lists what Bowline did not plan.",
            "A plan of the account removes such a policy. Or an operator asks to "
            "accept it, with a reason and a last day, and an approver accepts it.",
            "The same policy in many accounts is decided at once. Unknown writes are "
            "accepted here, too, where a second person is asked for.",
        ),
        ("foreign-policies", "foreign-policy", "foreign-alike"),
        words="foreign finding accept attached inline administrator",
    ),
    Topic(
        "hand-off",
        "Handing off to the owner",
        "The account's owner creates the roles. Bowline verifies them.",
        (
            "Send the owner the message and the zip: no login is needed. The owner "
            "does not have to report anything.",
            "For a later version, the owner runs the same command again.",
            "An organization's administrator deploys one StackSet for all accounts "
            "with the same choices. Their page lists how far each account is.",
        ),
        (
            "hand-off",
            "hand-off-archive",
            "hand-off-file",
            "hand-off-version",
            "organization-hand-off",
            "organization-hand-off-archive",
        ),
        words="owner cloudformation terraform stackset template",
    ),
    *SETTINGS,
    Topic(
        "search",
        "Searching",
        "Press / or Ctrl-K on any page to search.",
        (
            "Search finds accounts by name, id and name in Spinnaker, runs by number, "
            "bundles, pages and help.",
            "Arrow keys choose, and Enter opens.",
        ),
        ("search",),
        words="find palette keyboard",
    ),
)

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
