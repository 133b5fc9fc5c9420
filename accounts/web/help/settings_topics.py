"""Help texts of Settings and the pages below."""

from __future__ import annotations

from accounts.help.topic import Topic

SETTINGS = (
    Topic(
        "settings",
        "Settings",
        "Environment variables configure Bowline. This page shows the result.",
        (
            "The file .env.example lists the variables.",
            "An administrator decides for each environment whether the person who "
            "plans may also approve.",
        ),
        ("settings",),
        "environments",
        "worker database roles four eyes",
    ),
    Topic(
        "spinnaker",
        "Connecting a running Spinnaker",
        "Bowline delivers accounts through Gate, without a file or a restart.",
        (
            "An administrator describes where Gate is, and how Bowline signs in. A "
            "worker tests it: who Bowline is there, what it may do, and what is "
            "stored and loaded.",
            "Spinnaker's operator sets a few switches once. The page has them as a "
            "file.",
            "Whether Clouddriver polls its database cannot be seen from outside. It "
            "shows at the first delivery.",
        ),
        ("spinnaker", "spinnaker-edit", "spinnaker-file"),
        "gate-sign-in",
        "gate live delivery connection clouddriver account storage api",
    ),
    Topic(
        "activity",
        "Activity",
        "See who decided what, when, and on which account.",
        (
            "An approval has the digest of the plan that was read. Copy it to find the "
            "same plan elsewhere.",
            "Filters are part of the address, and the files hold what they show.",
            "manage.py check_activity finds an entry that was changed or removed in "
            "the database.",
        ),
        ("activity",),
        words="audit log history siem who export",
    ),
    Topic(
        "groups",
        "Groups and roles",
        "Groups at the provider of single sign-on decide who may do what here.",
        (
            "Each sign-in gives exactly the roles of the person's groups. A change "
            "here counts at the next sign-in, or at once if you sign people out.",
            "Groups add up: environments of two groups are both allowed, and a role "
            "without environments is for every one.",
            "If the environment decides (OIDC_ROLES, SAML_ROLES), this page shows that "
            "and changes nothing.",
            "Bowline refuses a change after which no administrator could sign in, and "
            "one that gives a role or environments to whoever makes it.",
        ),
        ("groups",),
        words="single sign-on sso oidc saml provider roles okta entra keycloak",
    ),
    Topic(
        "api-tokens",
        "API tokens",
        "A program that has a token uses Bowline's API as the person who created it.",
        ("It does what its scopes, and its person's roles of that moment, allow.",),
        ("tokens", "all-tokens"),
        words="api tokens automation gitops curl",
    ),
    Topic(
        "people",
        "People",
        "See who may sign in and what they may do; give roles, and deactivate.",
        ("Nobody changes their own roles, so an administrator always remains.",),
        ("people", "person", "person-add"),
        words="users roles permissions invite deactivate sessions administrator",
    ),
    Topic(
        "feed",
        "The feed for Spinnaker",
        "Clouddriver's account-registration plugin pulls accounts from Bowline.",
        (
            "The feed holds what the next bundle would hold, and says what left it. "
            "Spinnaker follows within a minute, without a restart.",
            "It works up to Spinnaker 2026.2. The plugin cannot send an external ID "
            "and does not know EKS: the page names each account that it cannot carry.",
            "A token in the URL opens the feed. Bowline keeps its hash only. If "
            "Clouddriver is refused, it keeps its accounts and tries again.",
        ),
        ("feed",),
        words="plugin account registration clouddriver token api gateway",
    ),
    Topic(
        "notifications",
        "Notifications of teams",
        "Channels of Slack or Microsoft Teams, and signed webhooks, receive notices.",
        (
            "Choose which notices each target receives, and for which environments. "
            "Then send a test: the page shows the result.",
            "Slack's and Teams' webhook URLs are secrets. Bowline stores the name of a "
            "variable or a file that its operator allows, and workers read it.",
            "A webhook's messages are signed, as Standard Webhooks describes. The "
            "secret is shown once; a new one replaces it immediately.",
            "A notice that fails is sent again for over an hour. Then Activity shows "
            "it.",
        ),
        ("targets", "target-add", "target"),
        words="slack teams webhook mail alert channel target notice signed",
    ),
    Topic(
        "second-factors",
        "Second factors",
        "A code or a passkey proves that it is you, after your password.",
        (
            "An app on your phone shows a code that changes every 30 seconds. A "
            "passkey is on your phone, computer or security key.",
            "Keep your recovery codes where you keep no password. Each works once, if "
            "your device is lost.",
            "Bowline writes to you whenever a second factor of yours changes, where "
            "mail is configured.",
            "Did you lose everything? An administrator resets your second factors.",
        ),
        (
            "second-factor",
            "second-factor-app",
            "second-factor-passkey",
            "second-factor-codes",
        ),
        words="2fa mfa totp authenticator app passkey webauthn recovery codes",
    ),
)
