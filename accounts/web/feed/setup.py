"""What Clouddriver needs to pull the feed: a file to copy, with its reasons."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

PLUGIN = (
    "https://github.com/spinnaker-plugins/aws-account-registration-plugin-spinnaker"
)
PLUGINS = (
    "https://raw.githubusercontent.com/spinnaker-plugins/"
    "aws-account-registration-plugin-spinnaker/master/plugins.json"
)
PLACEHOLDER = "TOKEN"

CONFIGURATION = """\
# Add to clouddriver-local.yml, or to clouddriver.yml in your operator's profiles.
accountProvision:
  url: {url}
  iamAuth: {iam}
{region}credentials:
  poller:
    enabled: true
    types:
      aws:
        reloadFrequencyMs: 60000
      ecs:
        reloadFrequencyMs: 60000
account:
  storage:
    enabled: false
aws:
  enabled: true
  # Leave this line out if Clouddriver already has a list of AWS accounts.
  accounts: []
  defaultAssumeRole: role/{role}
  features:
    lambda:
      enabled: true
ecs:
  enabled: true
  # Leave this line out if Clouddriver already has a list of ECS accounts.
  accounts: []
spinnaker:
  extensibility:
    plugins:
      AWS.AccountRegistration:
        id: AWS.AccountRegistration
        enabled: true
        version: 2.0.0
        extensions: {{}}
    repositories:
      awsAccountRegistration:
        id: awsAccountRegistration
        url: {plugins}
"""


class Trap(NamedTuple):
    setting: str
    otherwise: str


TRAPS = (
    Trap(
        "ecs.enabled and ecs.accounts",
        (
            "Without a list of ECS accounts, even an empty one, the plugin's first "
            "synchronization fails and no accounts are added."
        ),
    ),
    Trap(
        "aws.accounts",
        (
            "Without a list, the plugin doesn't add any accounts but counts them as "
            "received, so they're never added."
        ),
    ),
    Trap(
        "aws.defaultAssumeRole",
        (
            "Without this setting or an account in the list, Clouddriver doesn't "
            "assume a role and acts in every account as itself."
        ),
    ),
    Trap(
        "credentials.poller",
        (
            "Both types require this setting. Without it for AWS, nothing is pulled "
            "again. Without it for ECS, no ECS account is loaded."
        ),
    ),
    Trap(
        "account.storage.enabled",
        (
            "If this is on, Clouddriver has two sources of AWS accounts, and the "
            "plugin can't replace one of them."
        ),
    ),
)
LIMITS = (
    (
        "Clouddriver writes the complete URL, including the token, to its log. Keep "
        "that log private. Before Spinnaker 2025.4, you can also use API Gateway."
    ),
    (
        "After the last AWS account leaves the feed, Clouddriver keeps the account "
        "until it restarts."
    ),
    (
        "The feed doesn't include key pairs or environments. Clouddriver uses its "
        "default key pair, and each account's name as the environment."
    ),
    "The feed doesn't include EKS clusters. Use a bundle for them.",
)


def configuration(url: str, *, role: str, token: str = "", gateway: str = "") -> str:
    """Write Clouddriver's configuration; API Gateway adds the token by itself."""
    return CONFIGURATION.format(
        url=gateway or f"{url}?token={token or PLACEHOLDER}",
        iam="true" if gateway else "false",
        region=f"  iamAuthRegion: {region_of(gateway)}\n" if gateway else "",
        role=role,
        plugins=PLUGINS,
    )


def region_of(gateway: str) -> str:
    """Return the region in API Gateway's own host name; else one to replace."""
    parts = (urlsplit(gateway).hostname or "").split(".")
    return parts[2] if parts[1:2] == ["execute-api"] else "REGION"
