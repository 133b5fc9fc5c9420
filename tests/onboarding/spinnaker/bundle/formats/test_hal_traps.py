"""hal's traps for a script: none is stepped into, by any call in an account's life."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

from onboarding.providers.base import Provider
from onboarding.topology import Managed, Permissions, Topology
from tests.bundles import core, eks, unpacked
from tests.factories import managed, provider, topology
from tests.hal import Hal
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import QUESTIONS

TAKES_NO_VALUE = {"--no-validate", "--all-namespaces", "-q"}
GREEDY = {
    "--namespaces",
    "--omit-namespaces",
    "--read-permissions",
    "--regions",
    "--write-permissions",
}
LOGS_BODIES = {"-d", "--debug", "-l", "--log"}
SECRET = {"--access-key-id", "--password", "--secret-access-key", "--token"}
HOSTILE = ("a,b", "@/etc/passwd", "it's $(id)", 'say "hi"', "two words", "`id`", "*")


class Call(NamedTuple):
    words: tuple[str, ...]

    @property
    def verb(self) -> str:
        return self.words[4] if self.words[3:4] == ("account",) else ""

    @property
    def flags(self) -> list[str]:
        """List the flags from the first on, each without its value."""
        return [word.split("=")[0] for word in self.words if word.startswith("-")]


def early() -> Topology:
    every = (provider("ec2", key_pair="ops: 1"), provider("ecs"), provider("lambda"))
    roles = Permissions(HOSTILE, HOSTILE)
    clusters = eks({"namespaces": ["web", "jobs"]})
    one = managed(*every, clusters, environment="--regions", permissions=roles)
    return topology(core(), one, other(provider("ec2"), provider("lambda")))


def late() -> Topology:
    """Change what can be edited, and what must be deleted and added again."""
    one = managed(provider("ec2"), provider("ecs"), eks(), environment="@late")
    return topology(core(environment="new"), one, other(provider("ec2")))


def other(*providers: Provider) -> Managed:
    fields = {"name": "other", "account_id": "033333333333", "external_id": "@-q=x"}
    return managed(*providers, **fields)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Add, edit and remove everything, and return all that hal was asked."""
    folder = tmp_path_factory.mktemp("life")
    hal = Hal(folder)
    made: list[Call] = []
    for bundled, verb in ((early(), "apply"), (late(), "apply"), (late(), "remove")):
        unpacked(bundled, folder / "bundle")
        words = ["--yes"] if verb == "remove" else []
        done = hal.run(
            ["bash", str(folder / "bundle" / "hal" / f"{verb}.sh"), *words],
            NO_VALIDATE="1",
        )
        assert done.returncode == 0, done.stderr
        assert "No changes supplied" not in done.stderr
        made += [Call(tuple(words)) for words in hal.calls]
    return made


def test_a_life_has_every_verb(calls: list[Call]):
    assert {call.verb for call in calls} == {"", "add", "edit", "delete"}


def test_the_account_stands_before_every_flag(calls: list[Call]):
    for call in calls:
        if call.verb:
            plain = list(takewhile(lambda word: not word.startswith("-"), call.words))
            assert len(plain) == 6
            assert all(word.startswith("-") for word in call.words[6:])


def test_a_greedy_flag_is_followed_by_greedy_ones_only(calls: list[Call]):
    for call in calls:
        greedy = [flag in GREEDY for flag in call.flags]
        assert greedy == sorted(greedy), call


def test_regions_are_one_word_without_a_blank(calls: list[Call]):
    said = [w for call in calls for w in call.words if w.startswith("--regions")]

    assert set(said) == {"--regions=us-east-1,us-west-2"}


def test_each_role_has_a_flag_since_hal_splits_no_commas(calls: list[Call]):
    adding = next(call for call in calls if "staging" in call.words and call.verb)

    said = [word for word in adding.words if word.startswith("--read-permissions")]
    assert said == [f"--read-permissions={role}" for role in sorted(HOSTILE)]


def test_a_flag_has_its_value_in_the_same_word_or_takes_none(calls: list[Call]):
    for call in calls:
        alone = {w for w in call.words if w.startswith("-") and "=" not in w}
        if call.verb:
            assert alone <= TAKES_NO_VALUE


def test_true_and_false_are_always_said(calls: list[Call]):
    said = {w for call in calls for w in call.words if w.startswith("--lambda")}

    assert said == {"--lambda-enabled=true", "--lambda-enabled=false", "--lambda=true"}


def test_hal_never_logs_what_it_sends(calls: list[Call]):
    assert not any(LOGS_BODIES & set(call.flags) for call in calls)


def test_no_secret_stands_on_a_command_line(calls: list[Call]):
    assert not any(SECRET & set(call.flags) for call in calls)


def test_no_word_is_read_as_a_file(calls: list[Call]):
    assert not any(word.startswith("@") for call in calls for word in call.words)


def test_nothing_is_touched_but_providers_so_storage_keeps_its_settings(
    calls: list[Call],
):
    question = set(QUESTIONS[0])
    touched = {call.words[:2] for call in calls if not question <= {*call.words}}

    assert touched == {("config", "provider"), ("backup", "create")}


def test_no_edit_is_without_news_since_hal_calls_that_a_success(calls: list[Call]):
    for call in calls:
        if call.verb == "edit":
            assert set(call.flags) - {"--no-validate", "--deployment"}


def test_an_ecs_account_is_added_after_its_aws_account(calls: list[Call]):
    added = [call.words[5] for call in calls if call.verb == "add"]

    assert added.index("staging") < added.index("staging-ecs")


def test_an_ecs_account_is_never_given_permissions_that_clouddriver_ignores(
    calls: list[Call],
):
    for call in calls:
        if call.verb and call.words[2] == "ecs":
            allowed = {"--aws-account", "--deployment", "--no-validate"}
            assert set(call.flags) <= allowed


def test_what_a_dry_run_prints_is_quoted_for_the_shell(tmp_path: Path):
    hal = Hal(tmp_path)
    folder = unpacked(early(), tmp_path / "bundle")
    script = ["bash", str(folder / "hal" / "apply.sh")]

    printed = hal.run([*script, "--dry-run"]).stdout
    ran = hal.run(["bash", "-euc", printed])

    assert ran.returncode == 0, ran.stderr
    assert hal.account("aws", "staging")["permissions"]["READ"] == sorted(HOSTILE)
