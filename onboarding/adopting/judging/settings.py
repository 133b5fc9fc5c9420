"""What a provider says next to its accounts, and what becomes of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from onboarding.adopting.accounts.fields import CARRIED, LEFT, TAKEN, Treatment
from onboarding.adopting.comparing import Spinnaker
from onboarding.adopting.values import PROVIDERS
from onboarding.carried.fields import canonical
from onboarding.carried.secrets import Secret


class Row(NamedTuple):
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
    Row("enabled", TAKEN, SWITCHED),
    Row("defaultAssumeRole", TAKEN, IN_ACCOUNTS),
    Row("defaultSessionName", TAKEN, IN_ACCOUNTS),
    Row("defaultKeyPairTemplate", TAKEN, IN_ACCOUNTS),
    Row("defaultRegions", TAKEN, IN_ACCOUNTS),
    Row("defaultSessionDurationSeconds", TAKEN, IN_ACCOUNTS),
    Row("defaultSecurityGroups", TAKEN, IN_ACCOUNTS),
    Row("defaultLifecycleHooks", TAKEN, IN_ACCOUNTS),
    Row("lambda", TAKEN, SWITCHED),
    Row("primaryAccount", LEFT, PRIMARY),
    Row("accessKeyId", LEFT, SECRET),
    Row("secretAccessKey", LEFT, SECRET),
    Row("features", CARRIED, NOT_READ),
    Row("defaults", CARRIED, NOT_READ),
    Row("bakeryDefaults", CARRIED, NOT_READ),
    Row("loadAccounts", CARRIED, NOT_READ),
    Row("client", CARRIED, NOT_READ),
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
            row = BY_KEY.get(key, Row(key, CARRIED, NOT_READ))
            if isinstance(value, Secret):
                row = Row(row.name, LEFT, SECRET)
            yield SettingVerdict(provider, row.name, row.treatment, value, row.says)
