"""docs/explain/verification.md: what is true in AWS, what Bowline says, and that a test
shows each of it.

`REWRITE_DOCS=1 pytest tests/documents/test_findings.py` writes the table.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "explain" / "verification.md"
HEAD = "| In AWS | Bowline says |\n|---|---|\n"


class Row(NamedTuple):
    true: str
    says: str
    shown_by: str
    """The file of a test, and its name."""


ROWS = (
    Row(
        "a policy under one of Bowline's paths, such as `/bowline/managing/`, is "
        "attached to a role that it isn't for",
        "not as approved: the policy and what it allows. The next plan detaches it",
        "accounts/runs/foreign/test_paths.py"
        "::test_it_is_no_verified_account_until_a_plan_detaches_it",
    ),
    Row(
        "a trust policy allows everyone, under a condition that any account can meet",
        "not as approved: anyone can assume the role",
        "onboarding/resources/test_trust_table.py"
        "::test_a_trust_says_yes_to_those_callers",
    ),
    Row(
        "a role that Spinnaker can pass is an administrator",
        "not as approved: the policy, and the command that removes it",
        "accounts/runs/foreign/test_passing.py"
        "::test_an_administrator_that_may_be_passed_is_not_verified",
    ),
    Row(
        "anyone can assume a role that Spinnaker can pass",
        "not as approved: the role",
        "accounts/runs/foreign/test_passing.py"
        "::test_one_that_anybody_can_assume_is_not_verified",
    ),
    Row(
        "the access entry of Spinnaker's identity has a second policy, such as "
        "`AmazonEKSClusterAdminPolicy`",
        "not as approved: the policy and what it allows. The next plan takes it off",
        "onboarding/aws/kinds/test_policy_versions.py"
        "::test_a_policy_that_others_associated_differs",
    ),
    Row(
        "Spinnaker's identity is to be mapped in `aws-auth`",
        "verified, writes unknown: only the cluster shows whether the entry exists",
        "onboarding/providers/test_eks.py"
        "::test_what_aws_auth_maps_is_not_tested_and_decides_writes",
    ),
    Row(
        "a policy denies a write under a condition whose key is known before the call, "
        "such as `ec2:Region` or `aws:PrincipalOrgID`",
        "denied if the condition is met. Otherwise, the policy makes no difference",
        "onboarding/verify/simulation/test_service_control_policies.py"
        "::test_the_same_keys_are_known_of_the_roles_own_policies",
    ),
    Row(
        "a service control policy denies calls from outside the organization, in other "
        "Regions than the account's, or without TLS",
        "verified: Spinnaker's calls are none of these",
        "onboarding/verify/simulation/test_service_control_policies.py"
        "::test_what_aws_publishes_is_said_as_it_is",
    ),
    Row(
        "a policy denies a write under a key that only the call shows, such as "
        "`aws:SourceIp`",
        "verified, writes unknown: the key and the statement",
        "onboarding/verify/simulation/test_service_control_policies.py"
        "::test_what_only_the_call_shows_makes_a_write_unknown",
    ),
    Row(
        "a policy denies launches in the only subnet that Spinnaker offers",
        "denied: the account fails",
        "onboarding/verify/simulation/test_simulator.py"
        "::test_an_account_fails_by_the_subnets_that_it_has",
    ),
    Row(
        "the roles have Bowline's policies only, and Bowline isn't allowed to simulate "
        "them",
        "verified, with no unknown write",
        "accounts/runs/test_verifying.py"
        "::test_where_bowline_may_not_simulate_its_own_policies_decide",
    ),
    Row(
        "someone changes a trust policy while a plan is applied",
        "not as approved, also if the plan changes another role",
        "accounts/runs/test_applying.py"
        "::test_a_trust_that_is_changed_during_the_writes_is_found",
    ),
    Row(
        "AWS doesn't show a role that was just written, or shows it as it was",
        "waits. Later: AWS might not show it yet",
        "onboarding/verify/test_role_assumption.py"
        "::test_it_waits_where_a_role_of_a_moment_ago_is_read_as_it_was",
    ),
    Row(
        "a service control policy denies AssumeRole to Spinnaker's identity",
        "the policies above the managing account deny it",
        "onboarding/verify/test_role_assumption.py"
        "::test_a_refusal_is_blamed_on_what_aws_names_above_the_right_account",
    ),
    Row(
        "a resource control policy denies AssumeRole on the managed role",
        "the policies above the managed account deny it",
        "onboarding/verify/test_role_assumption.py"
        "::test_a_refusal_is_blamed_on_what_aws_names_above_the_right_account",
    ),
    Row(
        "a boundary, a session policy, or the policy of a VPC endpoint denies a call",
        "which of them, if AWS names it",
        "onboarding/aws/test_errors.py::test_it_says_which_kind_of_policy_denied",
    ),
    Row(
        "a service control policy denies the access role to Bowline",
        "this policy, and nothing about the role's trust policy",
        "onboarding/aws/test_session.py"
        "::test_an_access_role_that_aws_says_a_policy_denies_is_not_blamed_on_its_trust",
    ),
    Row(
        "the instance profile exists and contains no role",
        "failed: put the role into it",
        "onboarding/providers/test_ec2.py"
        "::test_an_empty_instance_profile_is_no_missing_permission",
    ),
    Row(
        "a role has a name that Bowline needs, such as `ecsTaskExecutionRole`",
        "keep it, or where to enter another name. AWS can't rename a role",
        "onboarding/desired/test_desired.py::test_what_has_the_name_may_be_kept_first",
    ),
    Row(
        "a policy passes roles by a pattern, such as `iam:Pass?ole`",
        "which roles it passes, and the pattern",
        "onboarding/resources/test_risks.py"
        "::test_a_pattern_that_covers_passing_roles_is_told",
    ),
    Row(
        "every tagged subnet of a Region has 0 free addresses",
        "cannot deploy in the Region",
        "onboarding/test_topology.py::test_to_a_full_subnet_nothing_is_deployed",
    ),
    Row(
        "EBS encrypts by default with a customer managed key that Auto Scaling can't "
        "use",
        "cannot deploy in the Region, with the command that creates the grant",
        "onboarding/verify/keys/test_keys.py"
        "::test_a_key_that_auto_scaling_may_not_use_is_found_with_its_grant",
    ),
)


def test_the_document_has_the_table() -> None:
    table = HEAD + "".join(f"| {row.true} | {row.says} |\n" for row in ROWS)
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(HEAD)
    _, _, after = rest.partition("\n\n")

    if os.environ.get("REWRITE_DOCS"):
        DOCS.write_text(f"{before}{table}\n{after}", encoding="utf-8")

    assert f"{table}\n" in DOCS.read_text(encoding="utf-8")


def test_each_row_is_shown_by_a_test() -> None:
    missing = [row.shown_by for row in ROWS if not is_there(row.shown_by)]

    assert missing == []


def is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / "tests" / file
    return path.exists() and f"def {name}(" in path.read_text(encoding="utf-8")
