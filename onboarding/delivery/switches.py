"""What the operator sets once, with one restart: Clouddriver's switches. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.carried.table import KINDS
from onboarding.spinnaker.bundle.formats.spring import joined, regions
from onboarding.spinnaker.bundle.yaml_text import Value, block, comment_lines
from onboarding.topology import SESSION_NAME, Managing

ONCE = """
Add this to clouddriver-local.yml once, and restart Clouddriver. Accounts are then
stored in its database, and loaded while it runs.
A list that is written here hides those of other files.
"""
DEFAULT_ROLE = """
Needed at start: without it, stored accounts are loaded without assuming any role.
"""

LISTS = """
Needed where no other file has such a list, as with spinnaker-kustomize: without it,
nothing is loaded.
"""


def switches(managing: Managing, *, period: int = 30) -> str:
    """Write the file; `period` is the seconds between two polls."""
    storage: dict[str, Value] = {type_: {"enabled": True} for type_ in KINDS}
    polls: Value = {"default": {"reloadFrequencyMs": period * 1000}}
    short = f"role/{managing.managed_role}"
    template = managing.managed_role_arn("{{accountId}}")
    home = regions([managing.aws.home_region])
    elsewhere = managing.partition != "aws"
    aws: dict[str, Value] = {
        "enabled": True,
        "defaultAssumeRole": short if managing.partition == "aws" else template,
        "defaultSessionName": SESSION_NAME,
        **({"defaultRegions": home} if elsewhere else {}),
        "features": {"lambda": {"enabled": True}},
    }
    lines = [
        *comment_lines(ONCE),
        *block({"sql": {"enabled": True}}),
        *block({"account": {"storage": {"enabled": True, **storage}}}),
        *block({"credentials": {"poller": {"enabled": True, "types": polls}}}),
        *comment_lines(DEFAULT_ROLE),
        *block({"aws": aws}),
        *excluded({"accounts": [], **({} if elsewhere else {"defaultRegions": home})}),
        *block({"ecs": {"enabled": True}}),
        *excluded({"accounts": []}),
        *block({"kubernetes": {"enabled": True}}),
    ]
    return joined(lines)


def excluded(lists: Value) -> Iterator[str]:
    """Yield lists as comments: to be taken in by whoever needs them."""
    yield from (f"  {line}" for line in comment_lines(LISTS))
    yield from (f"  # {line}" for line in block(lists))
