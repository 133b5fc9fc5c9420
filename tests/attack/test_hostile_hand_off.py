"""Tried: every hostile value as the external IDs and as the stack's name of a hand-off,
in the commands, templates, links and modules that an account's owner receives.

Refused: bash gives the AWS CLI each value as one argument, whole; CloudFormation's
templates, the console's link and Terraform hold it as text, and nothing else runs.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from onboarding.handoff import organization, words
from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.handoff.scripts import quick_create
from onboarding.topology import MadeBy
from tests.attack.values import VALUES
from tests.factories import MANAGED_ID, MANAGING_ID, managed, managing, provider
from tests.onboarding.cfn_lint import findings

BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"
LONGEST = 1224
"""Characters of an external ID, AWS says."""
FILE_NAME = 200
IDS = [value for value in VALUES if len(value) <= LONGEST]
STACKS = [value for value in IDS if "/" not in value and len(value) <= FILE_NAME]
"""Names of files are made of them."""
AWS = f"""\
aws() {{
  printf '%s\\0' "$#" "$@" >> "$CALLS"
  [[ "$1 $2" != "sts get-caller-identity" ]] || echo {MANAGED_ID}
}}
"""
"""What bash runs for aws: it is given the words that a program would be given."""


def runs(values: list[str]) -> list[str]:
    """Leave out what no program can be given as an argument."""
    return [value for value in values if "\0" not in value]


def handed(value: str, *, stack_name: str = "") -> HandOffPackage:
    former = f"former {value}"
    account = managed(provider("ec2"), external_id=value, former_external_id=former)
    core = managing(bowline=BOWLINE)
    return hand_off(core, account, reader=True, stack_name=stack_name)


def for_organization(prefix: str, *, stack_name: str = "") -> HandOffPackage:
    account = managed(
        provider("ec2"),
        external_id=f"{prefix}-{MANAGED_ID}",
        made_by=MadeBy.ORGANIZATION,
    )
    core = managing(bowline=BOWLINE)
    return hand_off(core, account, reader=True, stack_name=stack_name)


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder, and bash in it, with an aws that only notes what it was given."""

    folder: Path

    def __call__(self, script: str) -> list[list[str]]:
        """Run it; return each call of aws, as its arguments."""
        calls = self.folder / "calls"
        calls.unlink(missing_ok=True)
        done = subprocess.run(
            ["bash", "-c", AWS + script],
            cwd=self.work,
            env={"PATH": "/usr/bin:/bin", "CALLS": str(calls)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), script
        return list(self.calls(calls.read_bytes().decode()))

    @staticmethod
    def calls(noted: str) -> Iterator[list[str]]:
        words = iter(noted.split("\0")[:-1])
        for count in words:
            yield list(itertools.islice(words, int(count)))

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def made(self) -> set[str]:
        return {str(one.relative_to(self.work)) for one in self.work.rglob("*")}


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[], Shell]:
    """Give a fresh folder each time."""

    def fresh() -> Shell:
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
        (tmp_path / "work").mkdir()
        return Shell(tmp_path)

    return fresh


def option(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


def of(calls: list[list[str]], operation: str) -> list[list[str]]:
    found = [call for call in calls if operation in call[:3]]
    assert found
    return found


def test_the_owners_command_gives_the_value_as_one_argument(shell) -> None:
    for value in runs(IDS):
        one = handed(value)
        bash = shell()

        calls = bash(one.pasted)

        deployed, *_ = of(calls, "deploy")
        assert option(deployed, "--parameter-overrides") == f"ExternalId={value}"
        assert bash.made == {stack.template.path for stack in one.stacks}
        written = (bash.work / one.stacks[0].template.path).read_bytes()
        assert written.decode() == one.template


def test_a_stacks_name_is_one_argument_and_one_file(shell) -> None:
    for value in runs(STACKS):
        one = handed("e-1", stack_name=value)
        bash = shell()

        asked, *_ = words.troubles(one)
        calls = bash("\n".join((one.pasted, one.delete_command, asked.text)))

        names = {stack.name for stack in one.stacks}
        assert {option(call, "--stack-name") for call in of(calls, "deploy")} == names
        assert {option(call, "--stack-name") for call in of(calls, "wait")} == names
        described = of(calls, "describe-stacks")
        assert [option(call, "--stack-name") for call in described] == [value] * 2
        assert bash.made == {stack.template.path for stack in one.stacks}


def test_a_stack_set_has_the_value_as_text(shell) -> None:
    for prefix in runs(IDS):
        one = for_organization(prefix)
        bash = shell()
        (bash.work / "accounts.txt").write_text(f"{MANAGED_ID}\n")

        calls = bash(everything(one))

        for made in of(calls, "create-stack-set"):
            assert json.loads(option(made, "--parameters")) == [
                {"ParameterKey": "ExternalIdPrefix", "ParameterValue": prefix}
            ]
        for deployed in of(calls, "deploy"):
            given = option(deployed, "--parameter-overrides")
            assert given == f"ExternalIdPrefix={prefix}"
        assert bash.made == {"accounts.txt"}


def test_a_stack_sets_name_is_one_argument(shell) -> None:
    for value in runs(STACKS):
        one = for_organization("p", stack_name=value)
        bash = shell()
        (bash.work / "accounts.txt").write_text(f"{MANAGED_ID}\n")

        calls = bash(everything(one))

        sets = [call for call in calls if "--stack-set-name" in call]
        assert len(sets) > 6
        assert {option(call, "--stack-set-name") for call in sets} == {value}
        bodies = [call for call in calls if "--template-body" in call]
        assert {option(call, "--template-body") for call in bodies} == {
            f"file://{value}.yml"
        }
        assert bash.made == {"accounts.txt"}


def everything(one: HandOffPackage) -> str:
    """Write all commands of a StackSet below each other; those of the console, and what
    is only typed there, are none.
    """
    ways = (organization.service_managed(one), organization.self_managed(one))
    return "\n".join(step.text for way in ways for step in way.steps)


def test_templates_hold_the_value_as_text() -> None:
    for value in IDS:
        (read,) = yaml.load_all(handed(value).template, yaml.CSafeLoader)

        assert read["Parameters"]["ExternalId"]["Default"] == value
        trust = read["Resources"]["RoleSpinnakerManaged"]["Properties"]
        (statement, *_) = trust["AssumeRolePolicyDocument"]["Statement"]
        sent = statement["Condition"]["StringEquals"]["sts:ExternalId"]
        assert len(sent) == 2
        assert {"Ref": "ExternalId"} in sent
        assert f"former {value}" in sent


def test_templates_of_many_accounts_hold_it_as_text() -> None:
    for value in IDS:
        (read,) = yaml.load_all(for_organization(value).template, yaml.CSafeLoader)

        assert read["Parameters"]["ExternalIdPrefix"]["Default"] == value


@pytest.mark.exhaustive
def test_cfn_lint_finds_a_template_right(tmp_path: Path) -> None:
    """One with as many of them as fit: it takes seconds for each template."""
    template = tmp_path / "all.yml"
    template.write_text(handed("".join(sorted(IDS, key=len))[: LONGEST // 2]).template)

    assert findings([template]) == []


def test_the_consoles_link_has_the_value_as_one_parameter() -> None:
    for value in IDS:
        (stack, *_) = handed(value).stacks

        link = quick_create("aws", stack, "https://t")

        asked = parse_qs(urlsplit(link).fragment.partition("?")[2])
        assert asked["param_ExternalId"] == [value]
        assert asked.keys() == {"templateURL", "stackName", "param_ExternalId"}


def test_a_readme_has_no_line_of_the_values() -> None:
    for value in IDS:
        read = words.readme(handed(value))

        assert "touch planted" not in read.splitlines()
        assert not {"\r", "\x1b", "\x00", "\u2028"} & {*read}


def trust_of(value: str) -> tuple[dict[str, Any], str]:
    """Return the variables of the module of IAM, and the trust policy's template."""
    file = next(f for f in handed(value).files() if f.path.endswith("iam/main.tf.json"))
    module: dict[str, Any] = json.loads(file.text)
    role = module["resource"]["aws_iam_role"]["RoleSpinnakerManaged"]
    return module["variable"], role["assume_role_policy"]


@pytest.mark.skipif(not shutil.which("terraform"), reason="needs terraform")
def test_terraform_reads_the_value_as_text(tmp_path: Path) -> None:
    """Each as a module of its own, with what has no provider: variables and outputs."""
    modules: dict[str, Any] = {}
    for number, value in enumerate(IDS):
        variables, trust = trust_of(value)
        folder = tmp_path / f"m{number}"
        folder.mkdir()
        module = {"variable": variables, "output": {"trust": {"value": trust}}}
        (folder / "main.tf.json").write_text(json.dumps(module))
        modules[folder.name] = {"source": f"./{folder.name}"}
    outputs = {name: {"value": f"${{module.{name}.trust}}"} for name in modules}
    root = {"module": modules, "output": outputs}
    (tmp_path / "main.tf.json").write_text(json.dumps(root))

    def terraform(*given: str) -> str:
        done = subprocess.run(
            ["terraform", *given, "-no-color"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    terraform("init")
    terraform("apply", "-auto-approve")
    read = json.loads(terraform("output", "-json"))

    for number, value in enumerate(IDS):
        (statement, *_) = json.loads(read[f"m{number}"]["value"])["Statement"]
        sent = statement["Condition"]["StringEquals"]["sts:ExternalId"]
        assert {*sent} == {value, f"former {value}"}


def test_hostile_values_are_tried() -> None:
    """Or the others would prove nothing."""
    assert len(runs(IDS)) > 45
    assert len(runs(STACKS)) > 35
    assert {"$(touch planted)", "a\nEND_OF_TEMPLATE\ntouch planted"} <= {*runs(STACKS)}
