"""README.md of a bundle: how a Spinnaker gets its accounts, what to run, and
how to see that it worked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from textwrap import fill
from typing import NamedTuple

from onboarding import VERSION
from onboarding.names import counted, some
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.contents import REMOVED
from onboarding.spinnaker.bundle.formats.hal_accounts import (
    without_option,
    without_place,
)
from onboarding.spinnaker.bundle.formats.verify_script import COMMAND, WHERE
from onboarding.spinnaker.bundle.limits import size_and_load
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.bake_account import bake_account
from onboarding.topology import Managed, PodRole, Topology

SECRETS = "operator/kubeconfigs.yml"
APPLY_HAL = "hal/apply.sh{prunes} && hal/profiles.sh && hal deploy apply"
COPY_COMPONENT = (
    "mkdir -p ../spinnaker-kustomize/components/bowline && "
    "cp -r kustomize/. ../spinnaker-kustomize/components/bowline/"
)
APPLY_TREE = "kubectl apply --server-side -k ../spinnaker-kustomize"
APPLY_SECRETS = f"kubectl -n spinnaker apply -f {SECRETS}"
PATCH = (
    "kubectl -n spinnaker patch spinsvc spinnaker --type merge "
    "--patch-file operator/spinnakerservice.yml"
)
COPY_FILES = "cp clouddriver/clouddriver-local.yml /opt/spinnaker/config/"
PLAN_DELIVERY = "python manage.py deliver --dry-run"
DELIVER = "python manage.py deliver --approve --yes"


class ShellCommand(NamedTuple):
    says: str
    line: str


VERIFICATION = ShellCommand(
    f"Verify that Spinnaker can access each account. {WHERE}", COMMAND
)


class Way(NamedTuple):
    """A way to run Spinnaker."""

    key: str
    title: str
    """As it ends “With …”."""
    choice: str
    folder: str = ""
    """What of a bundle serves it; empty: it needs no bundle."""


WAYS = (
    Way("halyard", "Halyard", "Halyard", "hal"),
    Way("kustomize", "spinnaker-kustomize", "spinnaker-kustomize", "kustomize"),
    Way("operator", "the operator", "The operator", "operator"),
    Way(
        "files",
        "your own files",
        "Own configuration files (clouddriver-local.yml)",
        "clouddriver",
    ),
    Way("live", "deliveries", "Bowline delivers to Gate, without a restart"),
)


def next_commands(
    way: Way, filename: str, paths: Collection[str]
) -> Iterator[ShellCommand]:
    """Yield what to run next, of the bundle with this name and these files."""
    unpack = f"unzip -o {filename} -d bowline && cd bowline"
    match way.key:
        case "halyard":
            prunes, removes = "", ""
            if REMOVED in paths:
                prunes = " --prune"
                removes = ", remove accounts that this bundle no longer has"
            yield ShellCommand("Unpack it on hal's host.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                "See what this changes. Nothing is written.",
                f"hal/apply.sh{prunes} --dry-run",
            )
            yield ShellCommand(
                f"Configure Halyard, which makes a backup first{removes}, and deploy.",
                APPLY_HAL.format(prunes=prunes),
            )
        case "kustomize":
            yield ShellCommand("Unpack it next to your spinnaker-kustomize.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                "Add components/bowline as the last of components: in its "
                "kustomization.yml (once), copy the component there, and deploy.",
                f"{COPY_COMPONENT} && {APPLY_TREE}",
            )
        case "operator":
            secrets = f"{APPLY_SECRETS} && " if SECRETS in paths else ""
            yield ShellCommand("Unpack it where kubectl reaches the cluster.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                "Patch the SpinnakerService; README.md says what its lists hide.",
                f"{secrets}{PATCH}",
            )
        case "files":
            yield ShellCommand("Unpack it on Clouddriver's host.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                "Copy each file to its service, as README.md says, and restart that. "
                "The file is whole: it hides accounts in a clouddriver-local.yml of "
                "yours.",
                COPY_FILES,
            )
        case "live":
            yield ShellCommand(
                "See what a delivery would change. Nothing is sent.", PLAN_DELIVERY
            )
            yield ShellCommand(
                "Deliver it, and wait until Spinnaker has loaded the accounts.", DELIVER
            )


SHOWN = 50
"""Accounts that the table lists; manifest.json lists all."""

HEAD = """\
# Accounts for Spinnaker

This bundle configures Spinnaker with {accounts}. Spinnaker runs as
`{identity}` and assumes `{role}` in each of them.
Bowline {version} wrote this bundle. It contains no secrets. Unpack it in a permanent
folder, the same one for each bundle: Spinnaker's configuration refers to files in it.

{table}
“Verified”: Bowline called AWS as Spinnaker does. “Evaluated”: Bowline only read the
policies on both sides; the first step below verifies these accounts. For programs,
`manifest.json` lists the accounts and the SHA-256 of each file.
"""

VERIFY = """
## 1. Prove it where Spinnaker runs

```sh
{command}
```

{where}
There it needs bash and the aws command{kubectl}. `--namespace NAME` and
`--in deploy/NAME` say where Clouddriver is, if not at `deploy/clouddriver` or
`deploy/spin-clouddriver` in `spinnaker`.
"""

ACCESS = """
## 2. Give Spinnaker access to the clusters

First, an administrator of these clusters follows the access.md next to the kubeconfig:
{clusters}.
"""

BAKE = """
## The bake account

Orca's `default.bake.account` is `{name}`: {why}. Before it deploys to
another account, Orca lets that one launch the image, as this account. So this account
must see the image, and the account that owns it must be in Spinnaker and share it
(“Share images from this account” in its EC2 settings).
{proposed}{warning}"""

PROPOSED = """
Bowline proposes it. If the images are in another account, choose that one on the
managing account's page. Halyard and the operator keep the primary account of their
config instead. To use `{name}` there, add this to `orca-local.yml` by hand:

```yaml
default:
  bake:
    account: "{name}"
```
"""

HALYARD = """
## With Halyard

On the host, or in the container, where `hal` runs (it has bash and Python 3 there):

```sh
hal/apply.sh --dry-run    # shows each call, changes nothing
hal/apply.sh              # makes a backup, then adds and edits what differs
hal/profiles.sh           # puts hal/profiles/ where Halyard's daemon reads them
hal deploy apply
```

- A second run changes nothing. Accounts that this bundle doesn't name are left alone.
- `hal/apply.sh --only NAME…` handles only these; `--from NAME` continues from there.
- A name that hal uses for another account is denied; `--take-over NAME…` replaces that
  one. Where an account has a new name, `--renamed OLD…` removes its old one.
- Ctrl-C stops between two accounts and prints the command that continues.
- `NO_VALIDATE=1 hal/apply.sh` is for a host without a network: with one that swallows
  packets each validated call takes minutes.
- A call takes two to three seconds, so the first run takes about {minutes}. For many
  accounts, merge them into the Halyard config instead, with Bowline's
  `manage.py merge_halconfig`.
{removed}{primary}{features}
See that it worked: `hal/check.sh` answers “same” for each account.

Undo: `hal/remove.sh` (or `hal/remove.sh NAME…`) makes hal forget these accounts and no
others; `hal backup restore -q --backup-path FILE` goes back to the backup that
`hal/apply.sh` named. It moves kubeconfigs, and a later `hal/apply.sh` sets their paths
again. Delete the profiles that `hal/profiles.sh` named; a later bundle's
`hal/profiles.sh` removes those that it has no longer. Then `hal deploy apply`.
"""

NO_PLACE = """
Halyard's config, and the operator's, have no place for fields that these accounts have
in addition. Spinnaker would lose them: use `clouddriver/` or `kustomize/`, or deliver
the accounts. In the Halyard config, accounts are without:

{fields}
"""

NO_OPTION = """
`hal/apply.sh` doesn't add these fields, because hal has no option for them. It keeps
them where hal has them already. Otherwise, merge the accounts into the Halyard config:

{fields}
"""

REMOVED_FROM_IT = """\
- Earlier bundles had accounts that this one hasn't: {names}. hal keeps
  them until `hal/apply.sh --prune` or `hal/remove.sh NAME…` removes them, and
  `hal/check.sh` answers “left” or “gone” for each.
"""

PRIMARY = """\
- {name}, the managing account, comes first: hal's first account is its primary one.
"""

FEATURES = """\
- hal/profiles/ contains settings that hal has no command for, such as launch templates
  and Lambda's pages. It names no accounts, since Spring would let that list hide hal's
  own. `hal/profiles.sh` doesn't change a file of your own there, and fails until that
  file has these settings, too.
"""

CLOUDDRIVER = """
## Without Halyard

Copy these files to `/opt/spinnaker/config/` of their services, and restart these:

| file | service |
|---|---|
{files}
**clouddriver-local.yml is whole.** Spring replaces a list as a whole: accounts of the
same provider that your own clouddriver-local.yml lists would vanish. Merge the lists by
hand where you have such.
{kubeconfigs}
Undo: restore the previous files, and restart.
"""

KUBECONFIGS = """
Copy each `kubernetes/NAME/kubeconfig.yml` to
`/opt/spinnaker/config/bowline-kubeconfigs/NAME.yml` on each host or pod of Clouddriver.
"""

KUSTOMIZE = """
## With spinnaker-kustomize

`kustomize/` is a component. Copy it to `components/bowline` of your tree, and list it
last in `kustomization.yml`:

```yaml
components:
- overlays/config
- components/bowline
```

```sh
kubectl kustomize . | grep path:.bowline    # what it mounts
kubectl apply --server-side -k .
```

- `bowline/clouddriver-local.yml` overrides your own clouddriver-local.yml, and a
  list replaces a list: accounts of the same provider that you list there{managing}
  vanish. Add those that you keep to the component's file.
- Deck reads one file only: once, `cat components/bowline/settings-local.js >>
  overlays/config/files/settings-local.js`.
{service_account}
Undo: take the component out of the list, and apply again.
"""

MANAGING = (
    ", and the base's\n  Kubernetes account `managing` (Spinnaker's own cluster),"
)

SERVICE_ACCOUNT = """\
- `kustomize/serviceaccount-patch.yml` gives the service account `{name}` its role.
  Where your tree has no such service account, annotate it once:
  `kubectl -n {namespace} annotate serviceaccount {name}
  eks.amazonaws.com/role-arn={role}`.
"""

OPERATOR = """
## With the operator

`operator/spinnakerservice.yml` is a patch; give it the name of your SpinnakerService.

```sh
{secrets}{patch}
```

- A list replaces a list: accounts of the same provider that your SpinnakerService lists
  vanish, and so does its settings-local.js. Add what you keep to the patch.
- It switches the operator's own checks of these providers off, and says why. Prove the
  accounts by verify.sh instead.

Undo: apply your own SpinnakerService as it was.
"""


NO_OPERATOR = """
## With the operator

These accounts do not fit into one SpinnakerService: Kubernetes keeps about 1 MiB an
object. Use `kustomize/`, which packs them.
"""

AWS = """
## What exists in AWS

`aws/` has what Bowline made there as CloudFormation, and each policy as JSON: to
review, or to make it again where it was lost. `aws/accounts.json` names each account's
templates and parameters. Accounts that differ in ids only share one, whose policies
show the first account's.

```sh
aws cloudformation deploy --stack-name bowline --capabilities CAPABILITY_NAMED_IAM \\
  --template-file aws/managing/iam.yml --parameter-overrides NAME=VALUE
```

- The managing account comes first: a role can trust only what exists.
- Do not create what already exists. For service-linked roles, set the parameter to no.
- CloudFormation cannot tag an instance profile, so Bowline treats it as yours.
{keys}{large}"""

KEYS = (
    "- `aws/key-grants.json` has what CloudFormation can't do: each `request` is "
    "for\n  `aws kms create-grant --cli-input-json`, as that account, in that Region. "
    "The\n  key's policy must allow it: Bowline shows the statements next to the "
    "account's\n  permissions.\n"
)

LARGE = "- Over 51,200 bytes, so it needs `--s3-bucket`: {names}.\n"
TEMPLATE = 51_200
"""Bytes of a template that CloudFormation takes without a bucket."""

SEEN = """
## See that it worked

- `curl -s http://localhost:7002/credentials` on Clouddriver's host lists
  {names}.
- Deck offers the accounts when a new application or server group is made.
- Clouddriver's log has no “Failed to parse aws account”. A wrong role doesn't show
  there: its caches stay empty. That is what verify.sh is for.
"""

FILES = {
    "clouddriver-local.yml": "Clouddriver",
    "orca-local.yml": "Orca",
    "settings-local.js": "Deck",
    "rosco-local.yml": "Rosco",
}


def readme(
    topology: Topology,
    entries: Entries,
    states: Mapping[str, str],
    files: Sequence[File],
) -> File:
    text = "".join(sections(topology, entries, states, files))
    return File("README.md", text + size_and_load(entries, files))


def sections(
    topology: Topology,
    entries: Entries,
    states: Mapping[str, str],
    files: Sequence[File],
) -> Iterator[str]:
    managing = topology.managing
    kubernetes = [entry.name for entry in entries.kubernetes]
    yield HEAD.format(
        version=VERSION,
        accounts=counted(len(topology.managed), "AWS account"),
        identity=managing.identity_arn,
        role=f"role/{managing.managed_role}",
        table=table(topology.managed, states),
    )
    yield VERIFY.format(
        command=COMMAND,
        where=fill(WHERE, 88),
        kubectl=", for clusters also kubectl" if kubernetes else "",
    )
    if closed := [e.name for e in entries.kubernetes if not e.by_access_entry]:
        clusters = ", ".join(f"`kubernetes/{name}/access.md`" for name in closed)
        yield ACCESS.format(clusters=clusters)
    if bake := bake_account(managing, entries):
        yield BAKE.format(
            name=bake.name,
            why=bake.why,
            proposed=PROPOSED.format(name=bake.name) if bake.is_proposed else "",
            warning=f"\n**{fill(bake.warning, 86)}**\n" if bake.warning else "",
        )
    own = [e.name for e in entries.aws if e.account_id == managing.account_id]
    gone = removed_names(files)
    yield HALYARD.format(
        minutes=hal_duration(entries),
        removed=REMOVED_FROM_IT.format(names=gone) if gone else "",
        primary=PRIMARY.format(name=own[0]) if own else "",
        features=FEATURES if entries.aws else "",
    )
    yield from (
        says.format(fields="\n".join(named_fields(lost)))
        for says, found in (
            (NO_PLACE, without_place(entries)),
            (NO_OPTION, without_option(entries)),
        )
        if (lost := [*found])
    )
    kept = {file.path for file in files}
    yield CLOUDDRIVER.format(
        files="".join(
            f"| `clouddriver/{name}` | {service} |\n"
            for name, service in FILES.items()
            if f"clouddriver/{name}" in kept
        ),
        kubeconfigs=KUBECONFIGS if kubernetes else "",
    )
    pod = managing.identity
    yield KUSTOMIZE.format(
        managing=MANAGING if kubernetes else "",
        service_account=SERVICE_ACCOUNT.format(
            name=pod.service_account,
            namespace=pod.namespace,
            role=managing.identity_arn,
        )
        if isinstance(pod, PodRole)
        else "",
    )
    fits = any(file.path.startswith("operator/") for file in files)
    secrets = f"{APPLY_SECRETS}\n" if kubernetes else ""
    patch = PATCH.replace(" --patch-file", " \\\n  --patch-file")
    yield OPERATOR.format(secrets=secrets, patch=patch) if fits else NO_OPERATOR
    large = [f"`{f.path}`" for f in files if is_template(f) and len(f.text) > TEMPLATE]
    granted = any(file.path.endswith("/key-grants.json") for file in files)
    yield AWS.format(
        keys=KEYS if granted else "",
        large=LARGE.format(names=", ".join(large)) if large else "",
    )
    names = [e.name for e in entries.aws] + [e.name for e in entries.ecs] + kubernetes
    yield SEEN.format(names=some([f"`{name}`" for name in names], 5))


def named_fields(lost: list[tuple[str, list[str]]]) -> Iterator[str]:
    """Yield a line for every field: a rare one is lost as much as the others."""
    accounts: dict[str, list[str]] = {}
    for name, fields in lost:
        for field in fields:
            accounts.setdefault(field, []).append(f"`{name}`")
    for field, names in accounts.items():
        yield f"- {field}: {counted(len(names), 'account')} ({some(names)})"


def is_template(file: File) -> bool:
    return file.path.startswith("aws/") and file.path.endswith(".yml")


def removed_names(files: Sequence[File]) -> str:
    """Name what earlier bundles had and this one has not; empty: nothing."""
    text = next((file.text for file in files if file.path == REMOVED), "{}")
    names = [account["name"] for each in json.loads(text).values() for account in each]
    return some(names, SHOWN)


def table(managed: tuple[Managed, ...], states: Mapping[str, str]) -> str:
    lines = ["| account | AWS account | providers | state |", "|---|---|---|---|"]
    for one in managed[:SHOWN]:
        providers = ", ".join(provider.title for provider in one.providers)
        state = states[one.name]
        lines.append(f"| {one.name} | {one.account_id} | {providers} | {state} |")
    if len(managed) > SHOWN:
        lines.append(f"| and {len(managed) - SHOWN} more, in manifest.json | | | |")
    return "\n".join(lines) + "\n"


SECONDS_PER_CALL = 2.3
CALLS_BESIDE = 6
"""Three questions, the backup, two switches."""


def hal_duration(entries: Entries) -> str:
    accounts = len(entries.aws) + len(entries.ecs) + len(entries.kubernetes)
    minutes = (accounts + CALLS_BESIDE) * SECONDS_PER_CALL / 60
    return counted(max(1, round(minutes)), "minute")
