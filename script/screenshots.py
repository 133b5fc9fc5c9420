"""Take a picture of every page, on a real site with the demo's organization.

Everything is made for it and goes with it: an emulated AWS, a broker, a worker, the
site, and accounts that are verified, failed, outdated and waiting for approval.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from script.demo_site import PASSWORD
from script.emulated_organization import (
    ACCESS_ROLE,
    HANDMADE,
    LIMITED,
    MANAGING,
    MEMBERS,
    UNTRUSTING,
    Account,
    seed_access,
    trusting,
)
from script.emulated_site import Aws, emulated_site
from script.site import Site

CHROMIUM = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
PATIENCE = 60_000
"""Milliseconds for what a worker does."""

QUALITY = 45
MOST_BYTES = 120_000
"""A picture is no larger: they are kept with the source."""


# The site

DEV, STAGING, PROD, TOOLS, DATA, *FAULTY = MEMBERS


def onboard(
    site: Site, managing: dict[str, Any], accounts: list[dict[str, Any]], *options: str
) -> None:
    """Describe the accounts, plan them, and do what the options say."""
    file = site.folder / "accounts.yaml"
    file.write_text(yaml.safe_dump({"managing": managing, "accounts": accounts}))
    site.manage("onboard", str(file), *options, may_fail=True)


CORE: dict[str, Any] = {
    "name": MANAGING.name,
    "account_id": MANAGING.account_id,
    "identity": {"instance_role": "SpinnakerAuthRole"},
}


def described(
    account: Account, environment: str, *providers: str, **details: Any
) -> dict[str, Any]:
    return {
        "name": account.name,
        "account_id": account.account_id,
        "environment": environment,
        "regions": list(account.network or ("us-east-1",)),
        "access_role": ACCESS_ROLE,
        "permissions": {"READ": ["developers"], "WRITE": ["operators"]},
        "providers": {**{key: {} for key in providers}, **details},
    }


MANY = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import EnabledProvider, FoundRoles, ManagedAccount
now = timezone.now()
taken = FoundRoles.Taken.values
states = ["verified"] * 17 + ["failed", "drifted", "outdated"]
environments = ["prod-eu", "prod-us", "staging", "dev", "shared"]
rows = ManagedAccount.objects.bulk_create(
    ManagedAccount(
        name=f"team-{number}",
        account_id=str(987_000_000_000 + number),
        environment=environments[number % 7 % 5],
        regions=["us-east-1"],
        write_roles=["operators"],
        state=states[number % 20],
        verification="verified" if states[number % 20] == "verified" else "",
        verified_at=now - timedelta(hours=number),
        verified={"entries": [], "managed": {}},
        granted_at=now,
        adopts=number < 16,
    )
    for number in range(64)
)
EnabledProvider.objects.bulk_create(
    EnabledProvider(account=row, key="ec2", details={}, has_details=True)
    for row in rows
)
FoundRoles.objects.bulk_create(
    FoundRoles(account=row, taken=taken[number % len(taken)], read_at=now)
    for number, row in enumerate(rows[:16])
)
"""
"""Accounts as a larger site has them, some with existing roles: no question about them
goes to AWS.
"""

ADOPTED = [
    Account(name=name, account_id=str(765_000_000_000 + number))
    for number, name in enumerate([*(f"payments-{n}" for n in range(11)), "-Prod"])
]
"""The accounts of a Spinnaker that exists, one with an impossible name."""
POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess"


def halyard_config() -> str:
    accounts = [
        {
            "name": one.name,
            "accountId": one.account_id,
            "regions": [{"name": "us-east-1"}],
            "assumeRole": "role/spinnakerManaged",
        }
        for one in ADOPTED
    ]
    aws = {"providers": {"aws": {"accounts": accounts}}}
    deployment = {"name": "default", "version": "1.36.1", **aws}
    used = {"currentDeployment": "default", "deploymentConfigurations": [deployment]}
    return yaml.safe_dump(used)


def seed_adopted(aws: Aws) -> None:
    """Make their roles as people made them: most alike, one open to anybody, and one
    missing. Bowline can't enter one of the accounts.
    """
    for number, account in enumerate(ADOPTED[:-2]):
        iam = aws.edge(account.account_id).client("iam")
        seed_access(iam, account)
        if number == 4:
            continue
        who = "*" if number == 7 else MANAGING.arn("root")
        role = "spinnakerManaged"
        trust = trusting({"AWS": who})
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        iam.attach_role_policy(RoleName=role, PolicyArn=POWER_USER)


BUILD = """
from accounts.spinnaker.bundles import build, new_bundle
build(new_bundle(User.objects.get(username="olivia")))
"""
APPROVE_MANAGING = """
from accounts.runs.actions import approve
from accounts.runs.stages import carry_on
for run in Run.objects.filter(kind="managing", status="planned"):
    approve(run, User.objects.get(username="paula"))
    carry_on(run)
"""


def onboard_accounts(site: Site) -> None:
    """Let the site have accounts in every state that people meet."""
    cluster = {"name": "apps", "region": "us-east-1", "namespaces": ["web"]}
    apps = {"clusters": [cluster]}
    good = [
        described(DEV, "dev", "ec2", "ecs", "lambda", eks=apps),
        described(STAGING, "staging", "ec2", "lambda"),
        described(PROD, "prod", "ec2"),
    ]
    more = [described(TOOLS, "shared", "ec2"), described(DATA, "prod", "lambda")]
    faulty = [described(account, "dev", "ec2") for account in FAULTY]
    for accounts in (good, [*good, *more, *faulty]):
        onboard(site, CORE, accounts, "--by", "olivia")
        # An account is in production, so the managing account takes a second person.
        site.manage("shell", "-c", APPROVE_MANAGING)
        onboard(site, CORE, accounts, "--approve", "--by", "paula")
        site.manage("shell", "-c", BUILD)
    good[1:] = [
        described(STAGING, "staging", "ec2", "lambda", eks=apps),
        described(PROD, "prod", "ec2", "lambda"),
    ]
    onboard(site, CORE, good, "--by", "olivia")
    good[0] |= {"environment": "development"}
    onboard(site, CORE, good[:1], "--check")


@contextmanager
def running_site() -> Iterator[Site]:
    """Run all of Bowline with the demo's organization."""
    with emulated_site(MEMBERS) as (site, aws):
        seed_adopted(aws)
        site.start_worker(processes=1)
        site.start_beat()
        site.start_web()
        yield site


# Its pages

TABS = {
    "account": ("in-aws", "settings", "history", "remove"),
    "bundle": ("accounts", "changes", "load"),
    "settings": ("rules", "site"),
}
"""The tabs of pages besides the one that each opens with."""
OF_MANY = (
    ("overview-of-many", "/"),
    ("accounts-of-many", "/accounts/"),
    ("existing-roles", "/accounts/existing-roles/"),
)
SETTINGS = ("people", "notifications", "tokens", "spinnaker")


class Look(NamedTuple):
    """How a page is looked at."""

    suffix: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    scale: float
    """Of a picture; the page is as wide as it says."""


LOOKS = (
    Look("", 1440, 900, "light", 0.7),
    Look("-390-dark", 390, 844, "dark", 0.85),
)


def opened(browser: Browser, address: str, look: Look) -> Page:
    """Open the page to sign in, as it looks there."""
    context = browser.new_context(
        base_url=address,
        color_scheme=look.scheme,
        reduced_motion="reduce",
        viewport={"width": look.width, "height": look.height},
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto("/sign-in/")
    return page


def sign_in(page: Page, person: str) -> None:
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/$"))


def take(page: Page, name: str, look: Look, folder: Path) -> None:
    """Keep what the page shows without scrolling, as WebP, which Chromium writes."""
    waiting = page.locator(".asking-now").filter(visible=True)
    expect(waiting).to_have_count(0, timeout=PATIENCE)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready.then(() => true)")
    chromium = page.context.new_cdp_session(page)
    seen = chromium.send("Page.getLayoutMetrics")["cssVisualViewport"]
    part = {"x": seen["pageX"], "y": seen["pageY"], "scale": look.scale}
    size = {"width": look.width, "height": look.height}
    taken = chromium.send(
        "Page.captureScreenshot",
        {"format": "webp", "quality": QUALITY, "clip": {**part, **size}},
    )
    picture = base64.b64decode(taken["data"])
    assert len(picture) <= MOST_BYTES, f"{name} has {len(picture):,} bytes"
    (folder / f"{name}{look.suffix}.webp").write_bytes(picture)


def roll_out(page: Page, accounts: list[Account]) -> str:
    """Edit the accounts together, which plans them as one, and name its page."""
    page.goto("/accounts/")
    for account in accounts:
        page.get_by_label(f"Select {account.name}", exact=True).check()
    page.locator("summary", has_text="More").last.click()
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Write access", exact=True).select_option("Add")
    page.get_by_label("These groups have write access").fill("on-call")
    page.get_by_role("button", name=f"Edit {len(accounts)} accounts").click()
    page.wait_for_url(re.compile("/rollouts/"))
    expect(page.get_by_text("Needs approval").first).to_be_visible(timeout=PATIENCE)
    return page.url


def pages(page: Page) -> dict[str, list[tuple[str, str]]]:
    """Name every page with its address, for the person who has it open."""

    def linked(place: str, text: str) -> str:
        page.goto(place)
        link = page.get_by_role("link", name=text, exact=True).last
        return str(link.get_attribute("href"))

    def run_of(account: Account, status: str) -> str:
        """Name the first run of an account that ended so: the last one listed."""
        page.goto(f"/runs/?text={account.name}&status={status}")
        row = page.get_by_role("row").filter(has_text=account.name).last
        return str(row.get_by_role("link").first.get_attribute("href"))

    page.goto("/accounts/adopt/")
    page.get_by_label("Files", exact=True).set_input_files(
        FilePayload(name="config", mimeType="", buffer=halyard_config().encode())
    )
    page.get_by_role("button", name="Create report").click()
    page.get_by_role("heading", name="Report on your Spinnaker").wait_for()
    report = page.url
    page.get_by_role("link", name="Look at AWS").click()
    page.get_by_role("button", name="Look at AWS").click()
    in_aws = page.url
    page.get_by_role("heading", name="Roles in AWS").wait_for()
    page.goto("/accounts/organization/")
    page.get_by_role("button", name="Read the organization").click()
    page.locator("[data-found]").wait_for(timeout=PATIENCE)
    rollout = roll_out(page, [TOOLS, DATA, *FAULTY])
    review = page.locator("a[href*='/same/']").first
    group = str(review.get_attribute("href"))
    dev, prod = (linked("/accounts/", account.name) for account in (DEV, PROD))
    page.goto(prod)
    plan = page.get_by_role("link", name="Review the plan").get_attribute("href")
    return {
        "olivia": [
            ("overview", "/"),
            ("accounts", "/accounts/"),
            ("organization", "/accounts/organization/"),
            ("accounts-file", "/accounts/file/"),
            ("adopt", "/accounts/adopt/"),
            ("adopt-report", report),
            ("adopt-in-aws", in_aws),
            ("account", dev),
            *((f"account-{tab}", f"{dev}?tab={tab}") for tab in TABS["account"]),
            ("account-failed", linked("/accounts/", HANDMADE.name)),
            ("wizard-identity", f"{dev}identity/"),
            ("wizard-access", f"{dev}access/"),
            ("wizard-providers", f"{dev}providers/"),
            ("wizard-details", f"{dev}details/?provider=eks"),
            ("wizard-review", f"{dev}review/"),
            ("permissions", f"{dev}permissions/"),
            ("runs", "/runs/"),
            ("rollouts", "/runs/rollouts/"),
            ("rollout", rollout),
            ("run-verified", run_of(DEV, "verified")),
            *(
                (f"run-{why}", run_of(one, "failed"))
                for why, one in (
                    ("not-trusted", UNTRUSTING),
                    ("role-exists", HANDMADE),
                    ("refused", LIMITED),
                )
            ),
            ("bundles", "/bundles/"),
            ("bundle-next", "/bundles/next/"),
            ("bundle", "/bundles/2/"),
            *((f"bundle-{tab}", f"/bundles/2/?tab={tab}") for tab in TABS["bundle"]),
            ("bundle-readme", "/bundles/2/files/README.md"),
            ("bundle-file", "/bundles/2/files/hal/accounts.yml"),
            ("bundle-since", "/bundles/2/since/1/"),
            ("spinnaker-now", "/bundles/now/"),
            ("deliveries", "/bundles/deliveries/"),
            ("managing", "/managing/"),
            ("activity", "/settings/activity/"),
            ("not-found", "/nowhere/"),
        ],
        "paula": [("plan", str(plan)), ("rollout-group", group)],
        "adam": [
            ("settings", "/settings/"),
            *((f"settings-{tab}", f"/settings/?tab={tab}") for tab in TABS["settings"]),
            *((f"settings-{part}", f"/settings/{part}/") for part in SETTINGS),
            ("you", "/you/"),
            ("admin", "/admin/"),
            ("admin-list", "/admin/accounts/run/"),
        ],
    }


def take_all(
    browser: Browser, site: Site, named: dict[str, list[tuple[str, str]]], folder: Path
) -> None:
    """Take pictures of each person's pages."""
    for look, person in product(LOOKS, named):
        page = opened(browser, site.url, look)
        sign_in(page, person)
        for name, path in named[person]:
            answer = page.goto(path)
            assert (answer and answer.ok) or name == "not-found", path
            if name == "wizard-access":
                page.get_by_role("button", name="Test access").click()
                expect(page.get_by_text("Access works")).to_be_visible()
            take(page, name, look, folder)


INDEX = """\
# Every page

`script/screenshots` takes these pictures of the site with the demo's accounts, and
writes this list: at a desk, 1440 px wide and light; on a phone, 390 px wide and dark.
"""


def write_index(folder: Path) -> None:
    """Show each page with its pictures."""
    lines = [INDEX]
    names = sorted(file.stem for file in folder.glob("*.webp"))
    for name in (name for name in names if not name.endswith(LOOKS[1].suffix)):
        title = name.replace("-", " ").capitalize()
        shown = " | ".join(f"![{title}]({name}{look.suffix}.webp)" for look in LOOKS)
        lines.append(f"\n## {title}\n\n| at a desk | on a phone |\n|---|---|")
        lines.append(f"| {shown} |")
    (folder / "README.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/pages"))
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with (
        running_site() as site,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=sandbox) as browser,
    ):
        for look in LOOKS:
            page = opened(browser, site.url, look)
            take(page, "sign-in", look, folder)
            sign_in(page, "olivia")
            take(page, "welcome", look, folder)
        onboard_accounts(site)
        named = pages(page)
        take_all(browser, site, named, folder)
        site.manage("shell", "-c", MANY)
        page.goto("/accounts/?existing=trust")
        link = page.locator("tbody .named a").last.get_attribute("href")
        taken = ("account-existing-roles", f"{link}?tab=of-others")
        take_all(browser, site, {"olivia": [*OF_MANY, taken]}, folder)
    write_index(folder)


if __name__ == "__main__":
    main()
