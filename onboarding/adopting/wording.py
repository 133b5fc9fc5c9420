"""The report in sentences, for whoever decides what Bowline takes over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from onboarding.adopting.judging.accounts import Judged
from onboarding.adopting.judging.settings import SettingVerdict
from onboarding.adopting.judging.sharing import RoleName
from onboarding.adopting.judging.verdicts import FieldVerdict
from onboarding.adopting.report import Report, alike, heads
from onboarding.adopting.values import PROVIDERS, Reading, value_as_text
from onboarding.carried.table import CARRIED, LEFT, TAKEN
from onboarding.names import counted, one_line, short, some

MOST_NAMES = 20
"""In one line; the JSON has all of them."""
LONGEST_VALUE = 300
KEEP_LEFT = (
    "Keep the accounts that are left where they are: don't install a bundle's "
    "clouddriver-local.yml, whose lists replace theirs."
)


def text(report: Report) -> str:
    """Write the report; the same for the same sources."""
    return "".join(f"{one_line(line)}\n" for line in report_lines(report))


def report_lines(report: Report) -> Iterator[str]:
    yield "Sources"
    for reading in report.spinnaker.readings:
        yield f"- {source(reading)}"
    if report.unknown:
        count = len(report.unknown)
        yield f"- {files(count)} skipped: no accounts in there."
    yield ""
    yield from summary(report)
    if report.findings:
        yield from ("", "Findings")
        for finding in report.findings:
            yield f"- {finding.says}{of(finding.accounts)}"
    wait = [one for one in report.judgement.accounts if one.waits]
    if wait:
        yield from ("", "Accounts that wait for you to confirm them")
        yield from (f"- {short(one.account.name)}: {says(one)}" for one in wait)
    if report.spinnaker.effect.confirmed:
        named = of(sorted(report.spinnaker.effect.confirmed))
        yield from ("", f"Confirmed, and taken as the sources have them.{named}")
    if report.counts[LEFT]:
        yield from ("", "Why accounts are left")
        for reason, names in alike(report.judgement.accounts):
            yield f"- {reason}{of(names)}"
    for judged in report.judgement.accounts:
        yield ""
        yield from account(judged)
    for provider in PROVIDERS:
        settings = [one for one in report.settings if one.provider == provider]
        if settings:
            yield from ("", f"Settings of the provider {provider}")
            yield from by_treatment(settings)


def says(judged: Judged) -> str:
    return judged.unlike.says if judged.unlike else ""


def source(reading: Reading) -> str:
    counts = [
        f"{sum(one.type == provider for one in reading.accounts)} {provider}"
        for provider in PROVIDERS
    ]
    return f"{reading.kind}: {reading.title}. Accounts: {', '.join(counts)}."


def summary(report: Report) -> Iterator[str]:
    counts = report.counts
    of = counted(len(report.judgement.accounts), "account")
    yield f"Bowline can take {counts[TAKEN]:,} of {of}. {left(counts[LEFT])}".rstrip()
    if report.waiting:
        yield waiting(report.waiting)
    if report.others:
        listed = ", ".join(f"{name} {count}" for name, count in report.others.items())
        yield f"Accounts of other providers, not read: {listed}."
    if report.judgement.role:
        name = role(report.judgement.role)
        yield (
            f"The usual managed role is {name}. An account with another role names it "
            "in the accounts file."
        )


def role(found: RoleName) -> str:
    where = "" if found.partition == "aws" else f" in partition {found.partition}"
    return f"{found.name}{where}"


def account(judged: Judged) -> Iterator[str]:
    one, outcome = judged.account, "is left" if judged.reasons else "can be taken"
    yield f"{one.type} account {short(one.name)} ({one.place}) {outcome}"
    of_fields = {f"{each.field}: {each.says}" for each in judged.fields}
    for reason in judged.reasons:
        if reason not in of_fields:
            yield f"  Why it is left: {reason}"
    yield from by_treatment(judged.fields, is_left=bool(judged.reasons))


def by_treatment(
    verdicts: Sequence[FieldVerdict] | Sequence[SettingVerdict],
    *,
    is_left: bool = False,
) -> Iterator[str]:
    """Write what is taken in one line, and a line for each of the others."""
    words = heads(is_left=is_left)
    taken = [one for one in verdicts if one.treatment is TAKEN]
    if taken:
        yield f"  {words[TAKEN]}: {', '.join(map(valued, taken))}"
        yield from (f"    {valued(one)}: {noted(one)}" for one in taken if noted(one))
    for treatment in (CARRIED, LEFT):
        for one in verdicts:
            if one.treatment is treatment:
                says = " ".join(filter(None, (noted(one), one.says)))
                yield f"  {words[treatment]}: {valued(one)}. {says}"


def noted(one: FieldVerdict | SettingVerdict) -> str:
    return one.note if isinstance(one, FieldVerdict) else ""


def valued(one: FieldVerdict | SettingVerdict) -> str:
    name = one.field if isinstance(one, FieldVerdict) else one.setting
    if one.value is None:
        return f"{name} (missing)"
    return f"{name} {short(value_as_text(one.value), LONGEST_VALUE)}"


def of(names: Iterable[str]) -> str:
    """Name the accounts of a finding."""
    listed = [short(name) for name in names]
    return f" Accounts: {some(listed, MOST_NAMES)}." if listed else ""


def left(count: int) -> str:
    match count:
        case 0:
            return ""
        case 1:
            return "1 account is left as it is."
    return f"{count:,} accounts are left as they are."


def waiting(count: int) -> str:
    """Say how many accounts a confirmation would take."""
    wait, them = ("waits", "it") if count == 1 else ("wait", "them")
    return (
        f"Of these, {count:,} {wait} for you to confirm {them}: Spinnaker works with "
        f"other values than the sources have, or hasn't loaded {them}."
    )


def files(count: int) -> str:
    return "1 file is" if count == 1 else f"{count:,} files are"
