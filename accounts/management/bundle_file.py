"""The bundle that `manage.py onboard` writes, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User

from accounts.models import ManagedAccount
from accounts.spinnaker.bundles import NothingReady, build, new_bundle
from accounts.spinnaker.next_bundle import EVERY, Undecided, next_bundle, unlike_now
from accounts.wording import counted

IN_THE_COMMAND = "To add accounts although they are broken, name them in --add-broken."


def named_broken(asked: list[str] | None) -> list[str]:
    """Return what --add-broken says; without a name it means all."""
    return [EVERY] if asked == [] else asked or []


@dataclass(frozen=True, slots=True)
class BundleFile:
    say: Callable[[str], None]
    warn: Callable[[str], None]

    def write(
        self, path: Path, by: User | None, add_broken: Collection[str] = ()
    ) -> bool:
        """Build it of what is proved; False where there is nothing, or it fails."""
        try:
            bundle = new_bundle(by, add_broken)
        except NothingReady as error:
            self.warn(str(error))
            return False
        except Undecided as error:
            self.warn(f"{error} {IN_THE_COMMAND}")
            return False
        self.tell_next()
        build(bundle)
        bundle.refresh_from_db()
        if bundle.status != bundle.Status.READY:
            self.warn(bundle.error)
            return False
        path.write_bytes(bundle.archive)
        count = counted(bundle.accounts.count())
        self.say(f"Bundle {bundle.number}: {count}, {path}, {bundle.sha256}")
        return True

    def tell_next(self) -> None:
        """Print what the bundle changes since the last one, and what it keeps."""
        found, unlike = next_bundle(), unlike_now()
        self.say(found.changes.summary(unlike))
        for changed in found.whole.changed:
            fields = "; ".join(
                f"{one.name} {one.before} → {one.after}" for one in changed.fields
            )
            self.say(f"  {changed.name} ({changed.provider}): {fields}")
        for removed in found.whole.removed:
            self.say(f"  {removed.name} ({removed.provider}): removed")
        for how, failing in (("holds", unlike.kept), ("adds", unlike.added)):
            for one in failing:
                self.warn(
                    f"{one.account.name}: {one.account.state}. The bundle {how} it as "
                    f"it was last verified. {one.reason}"
                )
        for group in unlike.others:
            states = ", ".join(f"{count:,} {state}" for state, count in group.states)
            self.warn(f"{group.one} in {group.accounts}: {states}.")

    def all_accepted(self, accounts: list[ManagedAccount]) -> bool:
        """Name those that are not in the bundle only because nobody accepted them."""
        mine = {account.pk for account in accounts}
        waiting = [a for a in ManagedAccount.objects.to_accept() if a.pk in mine]
        for account in waiting:
            self.warn(
                f"{account.name}: evaluated. The bundle doesn't include it until an "
                "approver accepts it."
            )
        if waiting:
            self.warn(
                "  Review its checks, then accept it on its page or with "
                "--accept-evaluated."
            )
        return not waiting
