"""An account leaves Spinnaker, from start to end: as long as Spinnaker names it in any
way, Bowline deletes nothing of it in AWS.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from accounts.models import Bundle, ManagedAccount, Run
from accounts.runs.actions import StillInSpinnaker, remove
from accounts.spinnaker.bundles import build, install, new_bundle
from accounts.spinnaker.presence import GONE, MayBeThere
from tests.accounts.spinnaker.deliveries.delivering import deliver, proved_row
from tests.hal import Hal
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import managing_row

pytestmark = pytest.mark.django_db
BEFORE = "2026-10-31T00:00:00Z"
"""Earlier than any delivery of these tests."""
PROVIDERS = ("aws", "ecs", "kubernetes")


class Spinnaker(Protocol):
    """One way to run it."""

    def __init__(self, folder: Path) -> None: ...

    def takes(self, bundle: Bundle) -> str:
        """Do what the bundle's page says; return the answer for “installed”."""

    def names(self) -> set[str]:
        """List all accounts that it has."""


def unpacked(bundle: Bundle, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(bundle.archive)) as archive:
        archive.extractall(folder)
    return folder


def named_in(config: dict[str, Any]) -> set[str]:
    return {
        account["name"]
        for provider in PROVIDERS
        for account in (config.get(provider) or {}).get("accounts") or ()
    }


class WithHalyard:
    def __init__(self, folder: Path) -> None:
        self.hal, self.folder = Hal(folder), folder / "bowline"

    def takes(self, bundle: Bundle) -> str:
        """Forget to prune first: the bundle is not believed to be installed then."""
        hal = unpacked(bundle, self.folder) / "hal"
        assert self.hal.run(["bash", str(hal / "apply.sh")]).returncode == 0
        if (hal / "removed.yml").exists():
            told = self.hal.run(["bash", str(hal / "check.sh")]).stdout
            with pytest.raises(MayBeThere):
                install(bundle, None, told)
            done = self.hal.run(["bash", str(hal / "apply.sh"), "--prune"])
            assert done.returncode == 0, done.stderr
        return self.hal.run(["bash", str(hal / "check.sh")]).stdout

    def names(self) -> set[str]:
        return {name for provider in PROVIDERS for name in self.hal.names(provider)}


class WithKustomize:
    def __init__(self, folder: Path) -> None:
        self.folder, self.component = folder / "bowline", folder / "components/bowline"

    def takes(self, bundle: Bundle) -> str:
        component = unpacked(bundle, self.folder) / "kustomize"
        shutil.copytree(component, self.component, dirs_exist_ok=True)
        return GONE

    def names(self) -> set[str]:
        file = self.component / "clouddriver-local.yml"
        return named_in(yaml.safe_load(file.read_text()))


class WithOperator:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bowline"
        self.service: dict[str, Any] = {}

    def takes(self, bundle: Bundle) -> str:
        patch = unpacked(bundle, self.folder) / "operator/spinnakerservice.yml"
        self.service = merged(self.service, yaml.safe_load(patch.read_text()))
        return GONE

    def names(self) -> set[str]:
        config: dict[str, Any] = self.service["spec"]["spinnakerConfig"]["config"]
        return named_in(config["providers"])


def merged(before: Any, patch: Any) -> Any:
    """Merge as `kubectl patch --type merge` does, see RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    kept = before if isinstance(before, dict) else {}
    found = {name: merged(kept.get(name), value) for name, value in patch.items()}
    return {k: v for k, v in {**kept, **found}.items() if v is not None}


class WithGate:
    def __init__(self, folder: Path) -> None:
        self.strict = StrictGate()

    def takes(self, bundle: Bundle) -> str:
        deliver(self.strict)
        return ""

    def names(self) -> set[str]:
        return {*self.strict.stored, *self.strict.loaded}


def built() -> Bundle:
    bundle = new_bundle(None)
    build(bundle)
    Bundle.objects.filter(pk=bundle.pk).update(created_at=BEFORE)
    return Bundle.objects.get(pk=bundle.pk)


def assert_kept(account: ManagedAccount) -> None:
    with pytest.raises(StillInSpinnaker):
        remove(account, None)


@pytest.mark.exhaustive(after=2)
@pytest.mark.parametrize(
    "way",
    [WithHalyard, WithKustomize, WithOperator, WithGate],
    ids=lambda w: w.__name__,
)
def test_roles_go_once_spinnaker_has_forgotten_the_account(
    way: type[Spinnaker], tmp_path: Path
):
    managing_row()
    proved_row("stays", account_id="922222222221", uses_external_id=False)
    both = {"ec2": {}, "ecs": {}}
    account = proved_row(granted_at=BEFORE, uses_external_id=False, providers=both)
    spinnaker = way(tmp_path)
    first = built()
    install(first, None, spinnaker.takes(first))
    Bundle.objects.update(installed_at=BEFORE)
    assert spinnaker.names() == {"stays", "staging", "staging-ecs"}
    assert_kept(account)

    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)
    second = built()
    with pytest.raises(MayBeThere):
        install(second, None)
    assert_kept(account)

    answer = spinnaker.takes(second)
    assert spinnaker.names() == {"stays"}
    install(second, None, answer)

    assert remove(account, None).kind == Run.Kind.REMOVE
