"""The rows: each setting with its value, why, and what breaks without it.

docs/reference/service-settings.md is written from them by script/reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.bake_account import BakeAccount
from onboarding.spinnaker.services.places import (
    EVERYWHERE,
    HALS_OWN,
    WITH_HAL,
    WITHOUT_HAL,
    Place,
    Service,
)
from onboarding.spinnaker.yaml_text import Value
from onboarding.topology import SESSION_NAME, Managing

THREADS = 15
ACCOUNTS_LOADED_BY_ONE = 20
SECONDS_BY_DEFAULT = 180
DELIVERED = frozenset({Place.DELIVERIES})
FILES = WITHOUT_HAL - DELIVERED


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the values follow from."""

    place: Place
    managing: Managing
    entries: Entries
    bake: BakeAccount | None
    plain: tuple[str, ...] = ()
    """The accounts with EC2 that don't launch from templates."""
    period: int = 30
    """Seconds between two of Clouddriver's polls."""
    token: bool = False
    """Whether Bowline signs in at Gate with an API token."""

    @property
    def is_live(self) -> bool:
        """Return whether it must suit accounts that come later, too."""
        return self.place is Place.DELIVERIES

    @property
    def is_elsewhere(self) -> bool:
        return self.managing.partition != "aws"

    @property
    def templated(self) -> list[str]:
        return [entry.name for entry in self.entries.aws if entry.launch_templates]

    @property
    def all_launch_from_templates(self) -> bool:
        everyone = len(self.templated) == len(self.entries.aws)
        ours = self.place not in WITH_HAL
        return self.is_live or (ours and everyone and bool(self.templated))

    @property
    def uses_lambda(self) -> bool:
        return any(entry.lambda_enabled for entry in self.entries.aws)

    @property
    def loads_many(self) -> bool:
        return len(self.entries.aws) > ACCOUNTS_LOADED_BY_ONE


@dataclass(frozen=True, slots=True)
class Row:
    """A setting, before its value is known."""

    service: Service
    key: str
    value: Callable[[Wanted], Value | None]
    """None or an empty list: it isn't needed."""
    is_what: str
    why: str
    without: str
    since: str = ""
    """The first release of Spinnaker that has it; empty: each that Bowline knows."""
    places: frozenset[Place] = WITHOUT_HAL
    is_offered: bool = False
    """Written as a comment, for whoever needs it."""


def on(needed: bool) -> bool | None:
    return True if needed else None


def regions(names: Iterable[str]) -> list[Value]:
    """Return Regions as objects: plain texts stop Clouddriver's start."""
    return [{"name": name} for name in names]


def assume_role(wanted: Wanted) -> Value | None:
    if not (wanted.entries.aws or wanted.is_live):
        return None
    managing = wanted.managing
    template = managing.managed_role_arn("{{accountId}}")
    return template if wanted.is_elsewhere else f"role/{managing.managed_role}"


def default_regions(wanted: Wanted) -> Value | None:
    """Replace hal's own, which are of partition `aws`: Clouddriver looks them up before
    any account, and loads none where it fails.
    """
    if wanted.is_live:
        home = regions([wanted.managing.aws.home_region])
        return home if wanted.is_elsewhere else None
    if not wanted.entries.aws or (wanted.place in WITH_HAL and not wanted.is_elsewhere):
        return None
    return regions(wanted.entries.aws[0].regions)


def offered_regions(wanted: Wanted) -> Value | None:
    home = regions([wanted.managing.aws.home_region])
    return None if wanted.is_elsewhere else home


def has_aws(wanted: Wanted) -> bool | None:
    return on(bool(wanted.entries.aws) or wanted.is_live)


def has_templates(wanted: Wanted) -> bool | None:
    return on(bool(wanted.templated) or wanted.is_live)


def allowed_accounts(wanted: Wanted) -> Value | None:
    if wanted.all_launch_from_templates:
        return None
    return ",".join(wanted.templated) or None


def excluded_accounts(wanted: Wanted) -> Value | None:
    return ",".join(wanted.plain) or None if wanted.is_live else None


def bake_account(wanted: Wanted) -> Value | None:
    """Leave hal's own primary account alone where nothing decides for another one."""
    bake = wanted.bake
    if bake is None or (bake.is_proposed and wanted.place in WITH_HAL):
        return None
    return bake.name


def base_role(wanted: Wanted) -> Value | None:
    return wanted.entries.base_role if has_aws(wanted) else None


def first_region(wanted: Wanted) -> Value | None:
    return wanted.entries.aws[0].regions[0] if wanted.entries.aws else None


def ecs_region(wanted: Wanted) -> Value | None:
    regions_of = {entry.name: entry.regions[0] for entry in wanted.entries.aws}
    if not wanted.entries.ecs:
        return None
    return regions_of[wanted.entries.ecs[0].aws_account]


STORED_WHY = "Clouddriver stores accounts in its database."
STORED_WITHOUT = "a delivery is refused, or stored and never loaded"
POLLED_WHY = "Clouddriver loads what is stored while it runs."
POLLED_WITHOUT = "Gate reports success, and nothing is loaded before the next restart"
LISTS_WHY = (
    "Needed where no other file has such a list, as with spinnaker-kustomize: without "
    "it, nothing is loaded."
)
THREADS_WHY = (
    "Clouddriver loads accounts one by one by default: 456 accounts took 7.7 minutes, "
    "1 minute with threads."
)
THREADS_WITHOUT = "the start of a large installation takes too long, and is broken off"
TEMPLATES_WHY = (
    "Server groups launch from templates: AWS refuses launch configurations to newer "
    "accounts, and Bowline's policies don't grant them."
)
TEMPLATES_WITHOUT = "every deployment to EC2 is denied CreateLaunchConfiguration"
BAKE_WHY = (
    "Before it deploys to another account, Orca lets that one launch the image, as "
    "this account. Its own value is the name of no account."
)
PROPOSED_WHY = "Deck proposes it in its forms."
PROPOSED_WITHOUT = "Deck proposes an account or a Region that doesn't exist"
FUNCTIONS_WHY = "Deck shows Lambda functions and their stages."
FUNCTIONS_WITHOUT = "functions are deployed, and Deck doesn't show them"
ROLE_WHY = "Instances get this role where a request names none."

CLOUDDRIVER, ORCA, DECK, ROSCO, GATE = Service

ROWS = (
    Row(
        CLOUDDRIVER,
        "sql.enabled",
        lambda _: True,
        "`true`",
        STORED_WHY,
        STORED_WITHOUT,
        places=DELIVERED,
    ),
    Row(
        CLOUDDRIVER,
        "account.storage.enabled",
        lambda _: True,
        "`true`",
        STORED_WHY,
        STORED_WITHOUT,
        "1.28",
        places=DELIVERED,
    ),
    *(
        Row(
            CLOUDDRIVER,
            f"account.storage.{kind}.enabled",
            lambda _: True,
            "`true`",
            STORED_WHY,
            STORED_WITHOUT,
            since,
            places=DELIVERED,
        )
        for kind, since in (("aws", "2025.2"), ("ecs", "2025.3"), ("kubernetes", ""))
    ),
    Row(
        CLOUDDRIVER,
        "credentials.poller.enabled",
        lambda _: True,
        "`true`",
        POLLED_WHY,
        POLLED_WITHOUT,
        places=DELIVERED,
    ),
    Row(
        CLOUDDRIVER,
        "credentials.poller.types.default.reloadFrequencyMs",
        lambda wanted: wanted.period * 1000,
        "the period of the connection",
        POLLED_WHY,
        "a delivered account is loaded later than Bowline waits",
        places=DELIVERED,
    ),
    Row(
        CLOUDDRIVER,
        "aws.enabled",
        has_aws,
        "`true`",
        "Clouddriver has AWS accounts only where the provider is on.",
        "no AWS account is loaded",
        places=WITHOUT_HAL | HALS_OWN,
    ),
    Row(
        CLOUDDRIVER,
        "aws.defaultAssumeRole",
        assume_role,
        "the managed role",
        "Needed at start: without it, accounts are loaded without assuming any role.",
        "accounts lose their roles, and Spinnaker shows its own account's resources",
    ),
    Row(
        CLOUDDRIVER,
        "aws.defaultSessionName",
        lambda wanted: SESSION_NAME if has_aws(wanted) else None,
        "`Spinnaker`",
        "CloudTrail shows Spinnaker's sessions by this name.",
        "sessions have Clouddriver's own name",
    ),
    Row(
        CLOUDDRIVER,
        "aws.defaultRegions",
        default_regions,
        "Regions of the partition",
        "Clouddriver looks the default Regions up before it loads any account.",
        "no account is loaded",
        places=EVERYWHERE | HALS_OWN,
    ),
    Row(
        CLOUDDRIVER,
        "aws.defaults.iamRole",
        base_role,
        "the base role",
        ROLE_WHY,
        "instances can't be launched: there is no such profile",
        places=EVERYWHERE | HALS_OWN,
    ),
    Row(
        CLOUDDRIVER,
        "aws.features.launch-templates.enabled",
        has_templates,
        "`true`",
        TEMPLATES_WHY,
        TEMPLATES_WITHOUT,
        "1.24",
        places=EVERYWHERE,
    ),
    Row(
        CLOUDDRIVER,
        "aws.features.launch-templates.all-applications.enabled",
        lambda wanted: on(wanted.all_launch_from_templates),
        "`true`",
        "All accounts launch from templates, those that come later, too.",
        "accounts that aren't listed are denied CreateLaunchConfiguration",
        "1.24",
    ),
    Row(
        CLOUDDRIVER,
        "aws.features.launch-templates.allowed-accounts",
        allowed_accounts,
        "accounts that launch from templates",
        "Only these accounts launch from templates; those of others stay as they are.",
        TEMPLATES_WITHOUT,
        "1.24",
        places=EVERYWHERE - DELIVERED,
    ),
    Row(
        CLOUDDRIVER,
        "aws.features.launch-templates.excluded-accounts",
        excluded_accounts,
        "accounts that don't launch from templates",
        "The roles of these accounts may launch only from launch configurations.",
        "deployments to these accounts are denied CreateLaunchTemplate",
        "1.24",
        places=DELIVERED,
    ),
    Row(
        CLOUDDRIVER,
        "aws.features.cloud-formation.enabled",
        lambda w: on(any(e.cloudformation for e in w.entries.aws)),
        "`true`",
        "One switch for all: where a role may not read stacks, none are shown.",
        "stacks are deployed, and Deck doesn't show them",
        places=EVERYWHERE,
    ),
    Row(
        CLOUDDRIVER,
        "aws.features.lambda.enabled",
        lambda wanted: on(wanted.uses_lambda or wanted.is_live),
        "`true`",
        "Clouddriver caches and deploys Lambda functions.",
        "functions can't be deployed",
        places=WITHOUT_HAL | HALS_OWN,
    ),
    Row(
        CLOUDDRIVER,
        "aws.lambda.enabled",
        lambda w: on(w.uses_lambda),
        "`true`",
        "Halyard's config has a second switch for Lambda.",
        "functions can't be deployed",
        places=HALS_OWN,
    ),
    *(
        Row(
            CLOUDDRIVER,
            f"aws.loadAccounts.{key}",
            value,
            what,
            THREADS_WHY,
            THREADS_WITHOUT,
            places=EVERYWHERE - DELIVERED,
        )
        for key, value, what in (
            ("multiThreadingEnabled", lambda w: on(w.loads_many), "`true`"),
            (
                "numberOfThreads",
                lambda w: THREADS if w.loads_many else None,
                f"`{THREADS}`",
            ),
            (
                "timeoutInSeconds",
                lambda w: (
                    max(SECONDS_BY_DEFAULT, len(w.entries.aws))
                    if w.loads_many
                    else None
                ),
                "a second for each account",
            ),
        )
    ),
    Row(
        CLOUDDRIVER,
        "aws.accounts",
        lambda _: [],
        "an empty list",
        LISTS_WHY,
        "no AWS account is loaded",
        places=DELIVERED,
        is_offered=True,
    ),
    Row(
        CLOUDDRIVER,
        "aws.defaultRegions",
        offered_regions,
        "a Region of the partition",
        LISTS_WHY,
        "no AWS account is loaded",
        places=DELIVERED,
        is_offered=True,
    ),
    Row(
        CLOUDDRIVER,
        "ecs.enabled",
        lambda w: on(bool(w.entries.ecs) or w.is_live),
        "`true`",
        "Clouddriver has ECS accounts only where the provider is on.",
        "no ECS account is loaded",
        places=WITHOUT_HAL | HALS_OWN,
    ),
    Row(
        CLOUDDRIVER,
        "ecs.accounts",
        lambda _: [],
        "an empty list",
        LISTS_WHY,
        "no ECS account is loaded",
        places=DELIVERED,
        is_offered=True,
    ),
    Row(
        CLOUDDRIVER,
        "kubernetes.enabled",
        lambda w: on(bool(w.entries.kubernetes) or w.is_live),
        "`true`",
        "Clouddriver has clusters only where the provider is on.",
        "no cluster is loaded",
        places=WITHOUT_HAL | HALS_OWN,
    ),
    Row(
        ORCA,
        "default.bake.account",
        bake_account,
        "the bake account",
        BAKE_WHY,
        "every deployment to EC2 fails: “credentials not found”",
        places=EVERYWHERE,
    ),
    Row(
        DECK,
        "feature.functions",
        lambda wanted: on(wanted.uses_lambda or wanted.is_live),
        "`true`",
        FUNCTIONS_WHY,
        FUNCTIONS_WITHOUT,
        places=EVERYWHERE,
    ),
    Row(
        DECK,
        "feature.lambdaAdditionalStages",
        lambda wanted: on(wanted.uses_lambda or wanted.is_live),
        "`true`",
        FUNCTIONS_WHY,
        FUNCTIONS_WITHOUT,
        places=EVERYWHERE,
    ),
    Row(
        DECK,
        "providers.aws.serverGroups.enableLaunchTemplates",
        has_templates,
        "`true`",
        "Deck shows what only launch templates have.",
        "these options are missing in Deck's forms",
        "1.24",
        places=EVERYWHERE,
    ),
    Row(
        DECK,
        "providers.aws.defaults.iamRole",
        base_role,
        "the base role",
        ROLE_WHY,
        "Deck asks for a profile that doesn't exist",
        places=EVERYWHERE,
    ),
    *(
        Row(DECK, f"providers.{key}", value, what, PROPOSED_WHY, PROPOSED_WITHOUT)
        for key, value, what in (
            (
                "aws.defaults.account",
                lambda w: w.entries.aws[0].name if w.entries.aws else None,
                "the first account",
            ),
            ("aws.defaults.region", first_region, "its first Region"),
            (
                "ecs.defaults.account",
                lambda w: w.entries.ecs[0].name if w.entries.ecs else None,
                "the first ECS account",
            ),
            ("ecs.defaults.region", ecs_region, "its AWS account's first Region"),
            (
                "kubernetes.defaults.account",
                lambda w: (
                    w.entries.kubernetes[0].name if w.entries.kubernetes else None
                ),
                "the first cluster",
            ),
        )
    ),
    Row(
        ROSCO,
        "aws.enabled",
        lambda wanted: on(wanted.managing.bakes),
        "`true`",
        "Rosco bakes images for EC2 only where the provider is on.",
        "bakes fail. The base images in Rosco's own rosco.yml are placeholders",
    ),
    Row(
        GATE,
        "api-tokens.enabled",
        lambda wanted: on(wanted.token),
        "`true`",
        "Bowline signs in at Gate with an API token.",
        "Gate refuses Bowline",
        "2026.2",
        places=DELIVERED,
    ),
)
