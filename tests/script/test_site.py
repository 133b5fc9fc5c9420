"""The servers of script/bench are started again; its AWS is late, or fails for some."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from script.emulated_site import members
from script.servers import serving
from script.site import Server
from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.proxy import StrictAws
from tests.strict_aws.request import Request
from tests.strict_aws.trouble import Failing, Late

AWS = StrictAws("http://127.0.0.1:9", "100000000001", ())
DOWN = Refusal("ServiceFailure", "It is down.", 500)
ROLE = {"RoleArn": "arn:aws:iam::610000000000:role/any"}


def sleeping(tmp_path: Path) -> Server:
    return Server(
        lambda: serving(
            ["sleep", "60"],
            environment=os.environ,
            log=tmp_path / "log",
            ready=lambda: True,
        )
    )


def test_a_server_that_ended_by_itself_is_started_again(tmp_path: Path) -> None:
    server = sleeping(tmp_path)
    try:
        runs = server.tend()
        os.killpg(server.group, signal.SIGKILL)
        server.process.wait()
        ended = server.tend()

        assert (runs, ended, server.starts) == (False, True, 2)
        assert server.process.poll() is None
    finally:
        server.stop()


def test_a_server_that_is_killed_is_another_one_after(tmp_path: Path) -> None:
    server = sleeping(tmp_path)
    try:
        first = server.process
        server.again(killed=True)
        second = server.process
        server.again(killed=False)

        assert (first.returncode, second.returncode) == (
            -signal.SIGKILL,
            -signal.SIGTERM,
        )
        assert server.starts == 3
    finally:
        server.stop()
    assert server.process.returncode is not None


def asked(operation: str, key: str, **parameters: str) -> Request:
    return Request("sts", "us-east-1", operation, key, "query", parameters, operation)


def test_aws_fails_for_the_accounts_that_are_named_and_no_other() -> None:
    failing = Failing({"610000000000": DOWN})

    own = failing.instead(asked("GetRole", "610000000000"), AWS)
    entered = failing.instead(asked("AssumeRole", "100000000001", **ROLE), AWS)

    assert own == entered == DOWN.answer(asked("GetRole", "any"))
    assert failing.instead(asked("GetRole", "610000000001"), AWS) is None


def test_aws_fails_for_a_share_of_the_calls() -> None:
    failing = Failing({"610000000000": DOWN}, share=0.0)

    assert failing.instead(asked("GetRole", "610000000000"), AWS) is None


def test_a_late_answer_is_the_same(monkeypatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tests.strict_aws.trouble.time.sleep", waited.append)
    answer = Answer(200, {}, b"yes")

    assert Late(0.3).changed(asked("GetRole", "any"), answer, AWS) is answer
    assert waited == [0.3]


def test_members_are_no_accounts_of_the_demo() -> None:
    ids = {one.account_id for one in members(3)}

    assert len(ids) == 3
    assert all(account_id.startswith("610") for account_id in ids)
