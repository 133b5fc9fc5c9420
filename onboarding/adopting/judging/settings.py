"""What a provider says next to its accounts, and what becomes of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from onboarding.adopting.comparing import Spinnaker
from onboarding.adopting.values import PROVIDERS
from onboarding.carried.secrets import Secret
from onboarding.carried.table import CARRIED, LEFT, TAKEN, Treatment, canonical


class KnownSetting(NamedTuple):
    """A setting that Spinnaker knows, by its usual spelling."""

    name: str
    treatment: Treatment
    says: str


IN_ACCOUNTS = "It is filled in at each account that leaves it open."
NOT_READ = "Bowline neither reads nor changes it."
SWITCHED = "Bowline's bundles switch on what their accounts use."
SECRET = "It is a secret, which Bowline doesn't take."
PRIMARY = (
    "Bowline doesn't take it from here: the first account becomes primary, or the one "
    "that is chosen."
)
ROWS = (
    KnownSetting("enabled", TAKEN, SWITCHED),
    KnownSetting("defaultAssumeRole", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultSessionName", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultKeyPairTemplate", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultRegions", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultSessionDurationSeconds", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultSecurityGroups", TAKEN, IN_ACCOUNTS),
    KnownSetting("defaultLifecycleHooks", TAKEN, IN_ACCOUNTS),
    KnownSetting("lambda", TAKEN, SWITCHED),
    KnownSetting("primaryAccount", LEFT, PRIMARY),
    KnownSetting("accessKeyId", LEFT, SECRET),
    KnownSetting("secretAccessKey", LEFT, SECRET),
    KnownSetting("features", CARRIED, NOT_READ),
    KnownSetting("defaults", CARRIED, NOT_READ),
    KnownSetting("bakeryDefaults", CARRIED, NOT_READ),
    KnownSetting("loadAccounts", CARRIED, NOT_READ),
    KnownSetting("client", CARRIED, NOT_READ),
)
BY_KEY = {canonical(row.name): row for row in ROWS}


@dataclass(frozen=True, slots=True)
class SettingVerdict:
    """What becomes of a setting."""

    provider: str
    setting: str
    treatment: Treatment
    value: Any
    says: str


def judged_settings(spinnaker: Spinnaker) -> Iterator[SettingVerdict]:
    for provider in PROVIDERS:
        for key, value in spinnaker.settings.get(provider, {}).items():
            if value in (None, "", [], {}):
                continue
            row = BY_KEY.get(key, KnownSetting(key, CARRIED, NOT_READ))
            if isinstance(value, Secret):
                row = KnownSetting(row.name, LEFT, SECRET)
            yield SettingVerdict(provider, row.name, row.treatment, value, row.says)
