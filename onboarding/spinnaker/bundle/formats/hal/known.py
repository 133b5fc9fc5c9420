"""An account as hal's config has it, and in the words of hal's flags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import OPTIONS, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Account = dict[str, Any]
    Known = dict[str, dict[str, Any]]
    Flags = dict[str, str | tuple[str, ...]]

PROVIDERS = ("aws", "ecs", "kubernetes")
"""In the order of adding: an ECS account points at an AWS account."""

CLEARED_BY = {
    "--lambda-enabled": "--lambda-enabled=false",
    "--namespaces": "--all-namespaces",
    "--service-account": "--service-account=false",
}
"""What hal's `edit` can clear, and how; the rest is deleted and added again."""

HOOKS = {
    "autoscaling:EC2_INSTANCE_LAUNCHING": "--launching-lifecycle-hook",
    "autoscaling:EC2_INSTANCE_TERMINATING": "--terminating-lifecycle-hook",
}
OF_A_HOOK = {
    "defaultResult": "default-result",
    "heartbeatTimeout": "heartbeat-timeout-seconds",
    "notificationTargetARN": "notification-target-arn",
    "roleARN": "role-arn",
}
USUAL = {"cacheThreads": 1, "configureImagePullSecrets": True, "providerVersion": "V2"}
"""What hal gives every Kubernetes account by itself."""

RESTORED = re.compile(r"(?:^|/)\.backup/required-files/[^/]*kubeconfig\.yml$")
MOVED = "kubeconfig-file, which `hal backup restore` moved"


def owned_value(shape: str, value: Any) -> str | tuple[str, ...]:
    """Say a field of our own, also where there is none."""
    if shape == "TRUTH":
        return "true" if value else ""
    if shape == "REGIONS":
        return tuple(region["name"] for region in value or ())
    return tuple(value or ()) if shape == "TEXTS" else str(value or "")


def flags(provider: str, account: Account) -> Flags:
    """Say an account in hal's flags; the lists come last, as hal reads on greedily."""
    said: Flags = {
        option: owned_value(shape, account.get(key))
        for key, (option, shape) in OPTIONS[provider].items()
        if key in OURS[provider]
    }
    found: Flags = dict(sorted(said.items(), key=lambda one: isinstance(one[1], tuple)))
    for offered in offers(provider, account).values():
        found.update(offered)
    if provider != "ecs":  # Clouddriver gives it the permissions of its AWS account.
        roles = account.get("permissions") or {}
        for verb in ("READ", "WRITE"):
            groups = tuple(sorted(roles.get(verb) or ()))
            found[f"--{verb.lower()}-permissions"] = groups
    return found


def offers(provider: str, account: Mapping[str, Any]) -> dict[str, Flags]:
    """Say by field what the bundle has in addition, where hal's `add` and `edit` have
    an option. What the bundle does not say, hal keeps.
    """
    found: dict[str, Flags] = {
        key: {flag: flag_value(account[key])}
        for key, (flag, _) in OPTIONS[provider].items()
        if key not in OURS[provider] and account.get(key) not in (None, "", [])
    }
    if provider == "aws" and (hooks := hook_flags(account)):
        found["lifecycleHooks"] = hooks
    return found


def hook_flags(account: Mapping[str, Any]) -> Flags:
    """Say the hooks, of which hal has one for each transition."""
    hooks = account.get("lifecycleHooks") or ()
    transitions = [hook.get("lifecycleTransition") for hook in hooks]
    if len({*transitions}) < len(transitions) or not {*transitions} <= {*HOOKS}:
        return {}
    return {
        f"{HOOKS[hook['lifecycleTransition']]}-{name}": str(hook[key])
        for hook in hooks
        for key, name in OF_A_HOOK.items()
        if hook.get(key)
    }


def flag_value(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(sorted(map(str, value)))
    return str(value).lower() if isinstance(value, bool) else str(value)


def differing(provider: str, account: Account, held: Account) -> list[str]:
    """Name what differs; without an environment, Clouddriver takes the name for it."""
    ours, theirs = flags(provider, account), flags(provider, held)
    usual = {"--environment": account["name"]}
    return [
        flag
        for flag in ours
        if (ours[flag] or usual.get(flag)) != (theirs.get(flag) or usual.get(flag))
    ]


def named(differ: list[str], account: Account, held: Account) -> list[str]:
    """Name what differs; that Lambda is off shows by nothing but missing functions."""
    names = [flag[2:] for flag in differ]
    if is_restored(held) and "kubeconfig-file" in names:
        names[names.index("kubeconfig-file")] = MOVED
    if account.get("lambdaEnabled") and "lambda-enabled" in names:
        names[names.index("lambda-enabled")] = "lambda-enabled, off in hal"
    return names


def is_restored(held: Mapping[str, Any]) -> bool:
    """Return whether its kubeconfig is the copy that `hal backup restore` left."""
    return bool(RESTORED.search(str(held.get("kubeconfigFile") or "")))


def is_on(settings: dict[str, Any], name: str) -> bool:
    return bool((settings.get(name) or {}).get("enabled"))


def words(said: Flags) -> Iterator[str]:
    """Yield `--flag=value`, so that no value is taken for a file (@) or a flag (-)."""
    for flag, value in said.items():
        if isinstance(value, str):
            yield f"{flag}={value}" if value else CLEARED_BY[flag]
        elif flag.endswith("-permissions"):  # hal splits lists at commas, but not these
            yield from (f"{flag}={role}" for role in value)
        else:
            yield f"{flag}={','.join(value)}" if value else CLEARED_BY[flag]


def extras(
    provider: str, account: Account, bundled: Mapping[str, Any] | None = None
) -> list[str]:
    """Name what hal holds of an account that would be lost by deleting it, and that
    the bundle's account would not add again.
    """
    ours = [*OURS[provider], *offers(provider, bundled or {})]
    found = [key for key in account if key not in ours and matters(key, account[key])]
    return sorted(found) + lost_by_edit(account)


def lost_by_edit(account: Account) -> list[str]:
    """Name what any edit would lose: it puts back READ and WRITE alone."""
    roles = account.get("permissions") or {}
    verbs = [verb for verb in roles if roles[verb] and verb not in ("READ", "WRITE")]
    return sorted(f"permissions.{verb}" for verb in verbs)


def matters(key: str, value: Any) -> bool:
    if isinstance(value, dict):
        return any(matters(inner, value[inner]) for inner in value)
    return bool(value) and value != USUAL.get(key)


def by_name(accounts: list[Account]) -> dict[str, list[Account]]:
    """Return every account under its name: hal allows a name more than once."""
    named: dict[str, list[Account]] = {}
    for account in accounts:
        named.setdefault(account["name"], []).append(account)
    return named


def is_same_id(ours: str, theirs: str) -> bool:
    """Compare account ids, also as YAML misreads them: octal, or without zeros."""
    if not theirs.isdigit():
        return not theirs
    octal = ours.startswith("0") and not set(ours) & {"8", "9"}
    return int(theirs) in (int(ours), int(ours, 8 if octal else 10))
