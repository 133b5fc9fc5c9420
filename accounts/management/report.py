"""How `manage.py onboard` ended, as one document for programs
(docs/onboard.schema.json), and the bundle that it writes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from accounts.management.command import (
    DONE,
    EXIT_CODES,
    FAILED,
    PLANNED,
    WAITS,
    write,
)
from accounts.management.plain_text import diff_lines
from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import OPEN, UNSUCCESSFUL, Status
from accounts.runs.rollouts.census import runs_of
from accounts.spinnaker.bundles import NothingReady, build, new_bundle
from accounts.spinnaker.next_bundle import Undecided, next_bundle, unlike_now
from accounts.wording import counted
from onboarding.resources.entry_changes import EntryChange
from onboarding.resources.plan import VERBS, PlannedChange
from onboarding.resources.risks import Risk, Topic

IN_THE_COMMAND = "To add accounts although they are broken, name them in --add-broken."


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
        write(path, bytes(bundle.archive))
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


def outdated_in(runs: Iterable[Run]) -> set[UUID | None]:
    """Find the accounts that AWS outdated, with those that did not start then."""
    found = {run.account_id: run.status for run in runs}
    if Status.OUTDATED not in found.values():
        return set()
    again = (Status.OUTDATED, Status.APPROVED)
    return {key for key, status in found.items() if status in again}


def code(run: Run) -> int:
    if run.status == Status.HANDED_OFF:
        return WAITS
    if run.status in (*OPEN, Status.DISCARDED):
        return PLANNED
    return FAILED if run.status in UNSUCCESSFUL else DONE


MOST = 60_000
"""Characters: GitHub takes 65,536 in a comment."""

Document = dict[str, Any]


def document(
    code: int,
    *,
    rollouts: Collection[Rollout] = (),
    accounts: Iterable[ManagedAccount] = (),
    digest: str | None = None,
    messages: Iterable[str] = (),
) -> Document:
    """Describe how it ended: by each account's newest run in these rollouts."""
    last = max(rollouts, key=lambda one: one.number, default=None)
    if last is not None:
        last.refresh_from_db()
    own = Run.objects.filter(rollout__in=rollouts, account=None)
    managing = own.order_by("number").last()
    newest_of = {
        run.account_id: run
        for rollout in sorted(rollouts, key=lambda one: one.number)
        for run in runs_of(rollout).select_related("account").order_by("number")
    }
    found = [newest_of[one.pk] for one in accounts if one.pk in newest_of]
    return {
        "exit_code": code,
        "meaning": EXIT_CODES[code],
        "plan": digest,
        "rollout": last and {"number": last.number, "state": last.state},
        "managing": managing and of_run(managing),
        "accounts": [of_run(run) for run in found],
        "excluded": list(last.excluded) if last else [],
        "messages": list(messages),
    }


def of_run(run: Run) -> Document:
    plan, error = plan_of(run), run.error or {}
    failed = run.status in UNSUCCESSFUL
    return {
        "name": run.account_name,
        "account_id": run.account.account_id if run.account else None,
        "environment": run.account.environment if run.account else "",
        "run": run.number,
        "status": run.status,
        "wave": run.wave,
        "counts": plan.counts,
        "changes": [of_change(change) for change in plan.changes],
        "spinnaker": [of_entry(entry) for entry in plan.entries],
        "risks": [of_risk(one) for concern in plan.concerns for one in concern.risks],
        "error": {
            "message": error.get("message", ""),
            "hint": error.get("hint", ""),
        }
        if failed
        else None,
    }


def of_risk(risk: Risk) -> Document:
    return {
        "topic": risk.topic.value,
        "name": risk.key.name,
        "sentence": risk.sentence,
    }


def of_change(change: PlannedChange) -> Document:
    return {
        "verb": change.verb,
        **change.key._asdict(),
        "reason": change.reason,
        "before": change.before,
        "after": change.after,
    }


def of_entry(entry: EntryChange) -> Document:
    return {
        "verb": entry.verb,
        "provider": entry.provider,
        "name": entry.name,
        "before": entry.before,
        "after": entry.after,
    }


def markdown(found: Document) -> str:
    """Summarize it for a pull request: counts, risks and new trust, then the plan of
    each account, folded; those that are too many for a comment are counted.
    """
    runs = [*filter(None, [found["managing"]]), *found["accounts"]]
    text = "\n".join(summary(found, runs))
    left = 0
    for one in runs:
        more = folded(one)
        if len(text) + len(more) > MOST:
            left += bool(more)
            continue
        text += more
    if left:
        text += f"\n{counted(left)} more: the output of the command has their plans.\n"
    return text + "\n"


def summary(found: Document, runs: list[Document]) -> Iterator[str]:
    total = {verb: sum(run["counts"][verb] for run in runs) for verb in VERBS}
    said = ", ".join(f"{count:,} to {verb}" for verb, count in total.items())
    yield f"### Bowline: {counted(len(found['accounts']))}, {said}"
    yield ""
    if found["plan"]:
        yield f"Plan `{found['plan']}` waits for approval."
    else:
        yield f"Exit code {found['exit_code']}: {found['meaning']}."
    risks = [(run["name"], risk) for run in runs for risk in run["risks"]]
    trust = [one for one in risks if one[1]["topic"] == Topic.TRUST]
    others = [one for one in risks if one not in trust]
    yield from risk_section("New trust", trust)
    yield from risk_section("Read first", others)
    failed = [run for run in runs if run["error"]]
    if failed:
        yield from ("", "**Failed**", "")
        for run in failed:
            said = f"{run['error']['message']} {run['error']['hint']}".strip()
            yield f"- {escaped(run['name'])}: {escaped(said)}"
    if found["messages"]:
        yield from ("", "**Messages**", "")
        yield from (f"- {escaped(message)}" for message in found["messages"])
    yield from ("", f"| Account | Environment | State | {' | '.join(VERBS)} |")
    yield f"|---|---|---|{'---|' * len(VERBS)}"
    for run in runs:
        numbers = " | ".join(str(run["counts"][verb]) for verb in VERBS)
        where = escaped(run["environment"])
        yield f"| {escaped(run['name'])} | {where} | {run['status']} | {numbers} |"
    yield ""


LISTED = 50
"""The most risks that are listed."""


def risk_section(
    title: str, risks: list[tuple[str, Mapping[str, str]]]
) -> Iterator[str]:
    if not risks:
        return
    yield from ("", f"**{title}**", "")
    for account, risk in risks[:LISTED]:
        says = ": ".join(escaped(risk[key]) for key in ("name", "sentence"))
        yield f"- {escaped(account)}, {says}"
    if len(risks) > LISTED:
        yield f"- and {len(risks) - LISTED:,} more"


def folded(run: Document) -> str:
    """Write a plan that opens when it is chosen; empty: it has none."""
    row = Run.objects.get(number=run["run"])
    if row.status != Status.PLANNED or not (run["changes"] or run["spinnaker"]):
        return ""
    lines = [line.removeprefix("  ") for line in diff_lines(row)]
    body = "\n".join(lines)
    fence = "`" * max([3, *(len(some) + 1 for some in re.findall("`+", body))])
    counts = ", ".join(f"{n} to {verb}" for verb, n in run["counts"].items())
    return (
        f"\n<details><summary>{escaped(run['name'])}: {counts}</summary>\n\n"
        f"{fence}diff\n{body}\n{fence}\n\n</details>\n"
    )


def escaped(text: str) -> str:
    """Write a text of others so that Markdown shows it, and nobody is called by it."""
    words = " ".join(html.escape(str(text), quote=False).split())
    return re.sub(r"[\\`*_\[\]|@#~]", lambda sign: f"&#{ord(sign[0])};", words)
