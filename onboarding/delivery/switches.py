"""What the operator sets once, with one restart: Clouddriver's switches. Pure."""

from __future__ import annotations

from onboarding.delivery.bodies import TYPES
from onboarding.spinnaker.bundle.formats.spring import SESSION_NAME, checked
from onboarding.spinnaker.bundle.yaml_text import Value, block, comment_lines
from onboarding.topology import Managing

ONCE = """
Add this to clouddriver-local.yml once, and restart Clouddriver. Accounts are then
stored in its database, and loaded while it runs.
Write no accounts list here: an empty one would hide those of other files. Where no
file has one yet, add accounts: [] to aws and to ecs.
"""
DEFAULT_ROLE = """
Needed at start: without it, stored accounts are loaded without assuming any role.
"""


def switches(managing: Managing, *, period: int = 30) -> str:
    """Write the file; `period` is the seconds between two polls."""
    storage: dict[str, Value] = {type_: {"enabled": True} for type_ in TYPES}
    polls: Value = {"default": {"reloadFrequencyMs": period * 1000}}
    short = f"role/{managing.managed_role}"
    template = managing.managed_role_arn("{{accountId}}")
    aws: Value = {
        "enabled": True,
        "defaultAssumeRole": short if managing.partition == "aws" else template,
        "defaultSessionName": SESSION_NAME,
        "features": {"lambda": {"enabled": True}},
    }
    lines = [
        *comment_lines(ONCE),
        *block({"sql": {"enabled": True}}),
        *block({"account": {"storage": {"enabled": True, **storage}}}),
        *block({"credentials": {"poller": {"enabled": True, "types": polls}}}),
        *comment_lines(DEFAULT_ROLE),
        *block({"aws": aws, "ecs": {"enabled": True}, "kubernetes": {"enabled": True}}),
    ]
    return checked(lines)
