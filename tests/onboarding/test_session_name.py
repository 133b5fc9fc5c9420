"""The session name that an account has of its own, wherever Spinnaker gets it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onboarding.checks import Outcome
from onboarding.desired import desired
from onboarding.resources.entry_changes import entry_changes
from onboarding.spinnaker.bundle.contents import accounts_from
from onboarding.spinnaker.entries import entries, entries_of, entry_documents
from onboarding.spinnaker.halconfig.merging import merge
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.topology import Managed
from onboarding.verify.role_assumption import ASSUME
from onboarding.verify.verification import opens
from tests.bundles import files_of, unpacked
from tests.factories import managed, provider, topology
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.verified import Verified, outcomes

OWN, USUAL = "corp@=,+.-", "Spinnaker"


def with_own(**fields: Any) -> Managed:
    return managed(provider("ec2"), **{"session_name": OWN, **fields})


def test_the_usual_one_is_in_no_document_of_an_entry() -> None:
    (usual,) = entry_documents(topology(managed(provider("ec2"))))
    (own,) = entry_documents(topology(with_own()))

    assert "session_name" not in usual
    assert own == {**usual, "session_name": OWN}
    (change,) = entry_changes([usual], [own])
    assert change.verb == "update"


def test_an_entry_is_read_back_with_it() -> None:
    whole = topology(with_own(), managed(provider("ec2"), name="b"))

    read_back = entries_of(whole.managing, [entry_documents(whole)])

    assert read_back == entries(whole)
    assert [one.session_name for one in read_back.aws] == [OWN, USUAL]


def test_nothing_in_aws_depends_on_it() -> None:
    own = with_own()
    usual = replace(own, session_name=USUAL)

    assert desired(topology(own), own) == desired(topology(usual), usual)


@pytest.mark.parametrize("held", ["", "sessionName: theirs"])
def test_a_merge_writes_it_and_keeps_the_halconfigs_own(held: str) -> None:
    def merged(account: Managed) -> str:
        text = f"""\
currentDeployment: default
deploymentConfigurations:
- name: default
  providers:
    aws:
      enabled: true
      accounts:
      - name: staging
        accountId: '922222222222'
        {held}
"""
        bundled = accounts_from(files_of(topology(account))["hal/accounts.yml"])
        return merge(read_halconfig(text.encode()), bundled).text

    assert f'sessionName: "{OWN}"' in merged(with_own())
    assert held in merged(with_own(session_name=USUAL))


def requiring(made: Verified, name: str) -> None:
    """Let the managed role require the session name."""
    made.field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged",
        PolicyDocument=trusting(
            made.managing.identity_arn,
            Condition={"StringEquals": {"sts:RoleSessionName": name}},
        ),
    )


def verified(field: Field, session_name: str, requires: str) -> Verified:
    account = field.managed(session_name=session_name, external_id="")
    made = Verified(field, field.managing(), account).stand()
    requiring(made, requires)
    return made


def test_the_role_is_assumed_with_it(field: Field) -> None:
    made = verified(field, OWN, OWN)

    result = made.found(ASSUME)

    assert result.outcome is Outcome.PASSED
    assert f"the session name {OWN}." in result.sentence
    assert set(outcomes(made.results()).values()) == {"passed"}


def test_another_one_is_refused_with_the_reason(field: Field) -> None:
    result = verified(field, OWN, "other").found(ASSUME)

    assert result.outcome is Outcome.FAILED
    assert f"sts:RoleSessionName is “other”, and “{OWN}” is sent" in result.sentence
    assert result.fix.startswith("Enter this session name in the account's settings")


def test_what_cannot_be_tried_is_read_with_it(field: Field) -> None:
    for session_name, outcome in ((OWN, "evaluated"), ("other", "failed")):
        made = verified(field, session_name, OWN)
        made = Verified(field, field.managing(bowline=""), made.managed)

        assert made.found(ASSUME).outcome.value == outcome


def test_a_look_at_what_an_owner_created_sends_it(field: Field) -> None:
    made = verified(field, OWN, OWN)

    assert opens(field.sessions(), made.managing, made.managed)
    usual = replace(made.managed, session_name=USUAL)
    assert not opens(field.sessions(), made.managing, usual)


AWS = """\
#!/bin/sh
echo "$*" >>"$LOG"
case "$*" in
  *assume-role*) printf 'a\\tb\\tc\\n' ;;
  *Account*) echo 922222222222 ;;
  *) echo arn:aws:iam::911111111111:role/SpinnakerAuthRole ;;
esac
"""


@pytest.mark.parametrize("session_name", ["-corp", USUAL])
def test_verify_sh_assumes_the_role_with_it(session_name: str, tmp_path: Path) -> None:
    unpacked(topology(with_own(session_name=session_name)), tmp_path / "bundle")
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    log = tmp_path / "log"
    path = f"{tmp_path}:{os.environ['PATH']}"

    done = subprocess.run(
        ["bash", tmp_path / "bundle" / "verify.sh"],
        env={"PATH": path, "LOG": str(log)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert f"--role-session-name={session_name} " in log.read_text()
