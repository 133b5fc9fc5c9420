"""A bundle's accounts put into a halconfig, where all else keeps its meaning.

An account that the config has already keeps what Bowline does not know of it. A name
that is somebody else's is never overwritten unless a person says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from onboarding.partitions import partition_of
from onboarding.spinnaker.bundle.contents import PROVIDERS, Account, BundleAccounts
from onboarding.spinnaker.bundle.formats.hal import OURS
from onboarding.spinnaker.bundle.formats.hal.collisions import rival, stranger, taken
from onboarding.spinnaker.halconfig.parsing import Halconfig
from onboarding.spinnaker.halconfig.schema import mistakes
from onboarding.spinnaker.halconfig.tree import (
    FALSE,
    BadHalconfig,
    Listing,
    Node,
    Scalar,
    Table,
    is_on,
    is_true,
    meaning,
    node,
)
from onboarding.spinnaker.halconfig.writing import text

ADDED, CHANGED, TAKEN_OVER, SET = "added", "changed", "taken over", "set"
HALS_DEFAULT_REGION = "us-west-2"
MOST_CHARACTERS = 3_145_728
"""What SnakeYAML 1.32 and newer takes, unless configured otherwise."""


@dataclass(frozen=True, slots=True)
class Collision:
    """An account of the bundle whose name, or AWS account, the config has otherwise."""

    name: str
    provider: str
    reason: str
    can_be_taken_over: bool = True
    is_taken_over: bool = False
    """Whether a person said so; else the config keeps its own."""


@dataclass(frozen=True, slots=True)
class HalconfigChange:
    """What the merge did to one account, or to the settings of a provider."""

    provider: str
    name: str
    """Empty for the provider's settings."""
    done: str
    before: Table | None
    after: Table


@dataclass(frozen=True, slots=True)
class Merged:
    """The config with the accounts in it, and all that a person must know."""

    text: str
    changes: tuple[HalconfigChange, ...]
    collisions: tuple[Collision, ...]
    mistakes: tuple[str, ...]
    """What the config had wrong, before the merge."""
    notes: tuple[str, ...]


def merge(
    halconfig: Halconfig,
    bundled: BundleAccounts,
    *,
    take_over: Collection[str] = (),
    deployment: str = "",
) -> Merged:
    """Put the accounts into a deployment, the current one unless named."""
    merging = Merging(bundled, frozenset(take_over))
    root = halconfig.root
    name = deployment or root.text("currentDeployment") or "default"
    deployments = root.items("deploymentConfigurations")
    index, chosen = chosen_deployment(deployments, name, line=root.line)
    providers = chosen.table("providers") or Table({})
    merging.look(providers)
    for provider in PROVIDERS:
        if bundled.of(provider):
            providers = providers.setting(provider, merging.provider(provider))
    renewed: list[Node] = [*deployments]
    renewed[index] = chosen.setting("providers", providers)
    root = root.setting("deploymentConfigurations", Listing(renewed))
    written = text(root)
    others = {collision.name for collision in merging.collisions}
    return Merged(
        text=written,
        changes=tuple(merging.changes),
        collisions=tuple(merging.collisions),
        mistakes=tuple(mistakes(merging.tables, bundled, others)),
        notes=(*halconfig.notes, *merging.notes, *too_long(written)),
    )


def chosen_deployment(
    deployments: list[Node], name: str, *, line: int
) -> tuple[int, Table]:
    named = {
        deployment.text("name") or "default": (index, deployment)
        for index, deployment in enumerate(deployments)
        if isinstance(deployment, Table)
    }
    if name not in named:
        others = ", ".join(named) or "none"
        raise BadHalconfig(
            f"The deployment “{name}” isn't in deploymentConfigurations ({others}).",
            line,
        )
    return named[name]


def too_long(written: str) -> Iterator[str]:
    if len(written) > MOST_CHARACTERS:
        yield (
            f"The merged file has {len(written):,} characters. The YAML reader of "
            f"Halyards since 2025.4 takes {MOST_CHARACTERS:,} unless it is configured "
            "otherwise: try `hal config` with it before you deploy."
        )


class Merging:
    """One merge: what the config holds by name, and what is found on the way."""

    def __init__(self, bundled: BundleAccounts, take_over: frozenset[str]) -> None:
        self.bundled = bundled
        self.take_over = take_over
        self.tables: dict[str, Table] = {}
        self.owners: dict[str, tuple[str, int]] = {}
        """Each account's provider and line, over all providers."""
        self.excluded: set[str] = set()
        self.changes: list[HalconfigChange] = []
        self.collisions: list[Collision] = []
        self.notes: list[str] = []

    def look(self, providers: Table) -> None:
        """Learn every account's name; refuse one that is there twice, or none."""
        for provider, (_, value) in providers.pairs.items():
            if not isinstance(value, Table):
                continue
            self.tables[provider] = value
            for account in value.items("accounts"):
                name = account.text("name") if isinstance(account, Table) else ""
                if not name:
                    raise BadHalconfig(
                        f"This account of {provider} has no name.", account.line
                    )
                if name in self.owners:
                    other, line = self.owners[name]
                    raise BadHalconfig(
                        f"A second account is called “{name}”: the first, of {other}, "
                        f"is in line {line}. hal rejects that.",
                        account.line,
                    )
                self.owners[name] = (provider, account.line)

    def provider(self, provider: str) -> Table:
        """Return the provider with the bundle's accounts in it."""
        table = self.tables.get(provider, Table({}))
        held = table.tables("accounts")
        places = {account.text("name"): n for n, account in enumerate(held)}
        accounts = list(held)
        rivals = {account.text("awsAccount"): account.text("name") for account in held}
        for account in self.bundled.of(provider):
            name = account["name"]
            collision = self.collision(provider, account, held, places, rivals)
            if collision:
                taken = collision.can_be_taken_over and name in self.take_over
                self.collisions.append(replace(collision, is_taken_over=taken))
                if not taken:
                    self.excluded.add(name)
                    continue
            place = places.get(name)
            if provider == "ecs" and place is None:
                place = places.get(rivals.get(account["awsAccount"], ""))
            if place is None:
                accounts.append(self.recorded(provider, account, None, ADDED))
            elif collision:
                accounts[place] = self.recorded(
                    provider, account, held[place], TAKEN_OVER
                )
            else:
                accounts[place] = self.updated(provider, account, held[place])
        if accounts == held == []:
            return table
        return self.switched(provider, table, accounts, was_empty=not held)

    def recorded(
        self, provider: str, account: Account, before: Table | None, done: str
    ) -> Table:
        after = node(account)
        assert isinstance(after, Table)
        self.changes.append(
            HalconfigChange(provider, account["name"], done, before, after)
        )
        return after

    def collision(
        self,
        provider: str,
        account: Account,
        held: list[Table],
        places: dict[str, int],
        rivals: dict[str, str],
    ) -> Collision | None:
        """Say why the account is not simply put in; None where it is."""
        name = account["name"]
        owner, line = self.owners.get(name, ("", 0))
        if owner and owner != provider:
            reason = f"Line {line}: {taken(name, owner)}"
            return Collision(name, provider, reason, can_be_taken_over=False)
        if provider == "ecs" and account["awsAccount"] in self.excluded:
            reason = f"It belongs to {account['awsAccount']}, which is excluded."
            return Collision(name, provider, reason, can_be_taken_over=False)
        if owner:
            return other_account(provider, account, held[places[name]])
        if provider == "ecs" and account["awsAccount"] in rivals:
            held_rival = held[places[rivals[account["awsAccount"]]]]
            also = rival(name, held_rival.text("name"), account["awsAccount"])
            reason = f"Line {held_rival.line}: {also}"
            return Collision(name, provider, reason)
        return None

    def updated(self, provider: str, account: Account, held: Table) -> Table:
        """Write the bundle's fields into the config's own account, and keep others."""
        after = held
        owned = OURS[provider]
        for field in owned:
            ours = wanted(field, account, held)
            if is_same(field, ours, held.get(field), account["name"]):
                continue
            if ours:
                after = after.setting(field, reusing(ours, held.get(field)))
            else:
                after = after.without(field)
        # A carried field that the bundle does not say stays as the config has it.
        for field in (key for key in account if key not in owned):
            ours = node(account[field])
            if with_false(ours) != with_false(held.get(field)):
                after = after.setting(field, reusing(ours, held.get(field)))
        if after is not held:
            self.changes.append(
                HalconfigChange(provider, account["name"], CHANGED, held, after)
            )
        return after

    def switched(
        self, provider: str, table: Table, accounts: list[Table], *, was_empty: bool
    ) -> Table:
        """Set the accounts, and what must be on for them."""
        settings: dict[str, Node] = {}
        if not is_true(table.get("enabled")):
            settings["enabled"] = node(True)
        if provider == "aws":
            settings |= self.region_settings(table)
            settings |= self.lambda_settings(table)
            settings |= self.primary_settings(table, accounts, was_empty=was_empty)
        after = table.setting("accounts", Listing(list(accounts)))
        for key, value in settings.items():
            after = after.setting(key, value)
        if settings:
            before = [(key, table.pairs[key]) for key in settings if key in table.pairs]
            now = {key: after.pairs[key] for key in settings}
            self.changes.append(
                HalconfigChange(provider, "", SET, Table(dict(before)), Table(now))
            )
        return after

    def region_settings(self, table: Table) -> dict[str, Node]:
        """Replace default regions of another partition: no account loads with them."""
        ours = next((one.get("regions") for one in self.bundled.aws), None)
        if not ours:
            return {}
        home = partition_of(ours[0]["name"])
        held = {region.text("name") for region in table.tables("defaultRegions")}
        others = {partition_of(name) for name in held or {HALS_DEFAULT_REGION}}
        return {"defaultRegions": node(ours)} if others - {home, ""} else {}

    def lambda_settings(self, table: Table) -> dict[str, Node]:
        """Switch Lambda on as hal does; hal breaks where one feature is unsaid."""
        said = {a["name"] for a in self.bundled.aws if a.get("lambdaEnabled")}
        if not said - self.excluded:
            return {}
        features = table.table("features") or Table({})
        on, off = node({"enabled": True}), node({"enabled": False})
        settings: dict[str, Node] = {}
        if not is_on(features, "lambda") or features.table("cloudFormation") is None:
            formation = features.table("cloudFormation") or off
            settings["features"] = features.setting(
                "cloudFormation", formation
            ).setting("lambda", on)
        if not is_on(table, "lambda"):
            settings["lambda"] = on
        return settings

    def primary_settings(
        self, table: Table, accounts: list[Table], *, was_empty: bool
    ) -> dict[str, Node]:
        """Make the managing account the primary one where hal has none yet."""
        primary = self.bundled.primary
        if not primary or primary in self.excluded:
            return {}
        names = [account.text("name") for account in accounts]
        current = table.text("primaryAccount")
        current = current if current in names else names[0]
        if was_empty and table.text("primaryAccount") != primary:
            return {"primaryAccount": Scalar(primary)}
        if not was_empty and current != primary:
            self.notes.append(
                f"The primary account, which Deck offers first and which bakes images, "
                f"stays {current}. Set primaryAccount to {primary} if that is wanted."
            )
        return {}


def other_account(provider: str, account: Account, held: Table) -> Collision | None:
    """Say why an account of the same name is another one; None where it is not."""
    fields = ("accountId", "awsAccount", "kubeconfigFile", "context")
    why = stranger(provider, account, {field: held.text(field) for field in fields})
    if not why:
        return None
    return Collision(account["name"], provider, f"Line {held.line}: {why}")


def wanted(field: str, account: Account, held: Table) -> Node | None:
    """Return what the field must be; verbs that Bowline does not know are kept."""
    ours = node(account[field]) if account.get(field) else None
    theirs = held.table(field)
    if field != "permissions" or theirs is None:
        return ours
    verbs = {
        verb: pair
        for verb, pair in theirs.pairs.items()
        if verb not in ("READ", "WRITE") and meaning(pair[1])
    }
    if not verbs:
        return ours
    both = ours.pairs if isinstance(ours, Table) else {}
    return Table({**verbs, **both})


def reusing(ours: Node, theirs: Node | None) -> Node:
    """Take items of a list as they are written already, so that only news differ."""
    if not (isinstance(ours, Listing) and isinstance(theirs, Listing)):
        return ours
    written = [(meaning(item), item) for item in theirs.items]
    return Listing(
        [
            next((known for said, known in written if said == meaning(item)), item)
            for item in ours.items
        ]
    )


def is_same(field: str, ours: Node | None, theirs: Node | None, name: str) -> bool:
    if field == "permissions":
        return roles(ours) == roles(theirs)
    if field == "accountId":
        return isinstance(theirs, Scalar) and meaning(ours) == theirs.text
    usual = name if field == "environment" else ""
    return bool((meaning(ours) or usual) == (meaning(theirs) or usual))


def with_false(of: Node | None) -> Any:
    """Return what can be compared where false is not hal's default."""
    said = isinstance(of, Scalar) and not of.is_null and of.text.lower() in FALSE
    return "false" if said else meaning(of)


def roles(permissions: Node | None) -> dict[str, list[str]]:
    verbs = meaning(permissions) or {}
    return {verb: sorted(names) for verb, names in verbs.items()}
