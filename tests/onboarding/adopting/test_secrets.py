"""No secret of a source leaves the reading of it, and no source exceeds its bounds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from onboarding import bounded_yaml
from onboarding.adopting.report import accounts_file, document
from onboarding.adopting.sources import documents as documents_of
from onboarding.adopting.sources.files import BadSource
from onboarding.adopting.sources.reading import NOT_KNOWN
from onboarding.adopting.wording import text
from onboarding.carried.secrets import LONGEST, looks_secret
from tests.onboarding.adopting.documents import (
    Providers,
    aws,
    halconfig,
    kebab,
    reported,
    service,
    spring,
    stored,
    yaml_of,
)

PLANTED = "hunter2-Planted"
ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYPLANTEDKEY"
KUBECONFIG = (
    "kind: Config\nusers: [{name: x, user: {token: hunter2-Planted, "
    "client-key-data: hunter2-Planted}}]\n"
)
LOOKS = (
    f"https://user:{PLANTED}@edda.example.com",
    f"-----BEGIN PRIVATE KEY----- {PLANTED}",
    f"password={PLANTED}",
    f"Bearer {PLANTED}",
    f"${{TOKEN:token={PLANTED}}}",
    f"eyJhbGciOiJIUzI1NiJ9.{PLANTED}",
)


def planted() -> Providers:
    """Plant a secret in every place that may hold one."""
    odd = {f"strange{place}": look for place, look in enumerate(LOOKS)}
    return {
        "aws": {
            "enabled": True,
            "accessKeyId": PLANTED,
            "secretAccessKey": PLANTED,
            "bakeryDefaults": {
                "awsSecretKey": PLANTED,
                "deep": [{"password": PLANTED}],
            },
            "accounts": [
                aws(
                    "prod",
                    edda=LOOKS[0],
                    discovery=f"${{X:{LOOKS[0]}}}",
                    apiToken=PLANTED,
                    apiKey=PLANTED,
                    plain=ACCESS_KEY,
                    nested={"clientSecrets": [PLANTED], "list": [*LOOKS]},
                    env=[{"name": "TOKEN", "value": PLANTED}],
                    secretNumber=4711471147,
                    **odd,
                )
            ],
        },
        "kubernetes": {
            "accounts": [
                {
                    "name": "cluster",
                    "kubeconfigContents": KUBECONFIG,
                    "oAuthScopes": [LOOKS[0]],
                }
            ]
        },
    }


def sources() -> Iterator[dict[str, bytes]]:
    yield halconfig(planted())
    yield spring(planted())
    yield spring(planted(), kebab)
    yield service(planted(), planted(), files={"kube__config": KUBECONFIG})
    yield stored(planted())
    yield {**halconfig(planted()), "kubeconfig": KUBECONFIG.encode()}


def test_a_planted_secret_is_in_no_output() -> None:
    for files in sources():
        report = reported(files)

        said = text(report) + json.dumps(document(report)) + accounts_file(report.taken)

        assert PLANTED not in said
        assert ACCESS_KEY not in said
        assert "4711471147" not in said
        assert PLANTED not in repr(report)


def test_that_there_is_one_is_said_and_a_reference_as_such() -> None:
    account = {"name": "k", "kubeconfigContents": "encrypted:s3!b:bucket!f:file!k:key"}
    files = spring({"kubernetes": {"accounts": [account], "password": "hunter2"}})

    found = document(reported(files))

    fields = {one["field"]: one for one in found["accounts"][0]["fields"]}
    reference = {"reference": "encrypted:s3!b:bucket!f:file!k:key"}
    assert fields["kubeconfigContents"]["value"] == reference
    assert found["settings"][0]["value"] == {"secret": True}


def test_what_cannot_be_read_is_said_without_its_text() -> None:
    for content in (
        f"aws: {{accounts: [{PLANTED}".encode(),
        f"aws: !{PLANTED}x {PLANTED}\n---\n".encode() + b"a: *b",
        f'[{{"name": "{PLANTED}", "x": '.encode() + b'"\x00"}]',
    ):
        with pytest.raises(BadSource) as error:
            reported({"clouddriver.yml": content})

        assert "hunter2-Planted\n" not in str(error.value)
        assert "clouddriver.yml" in str(error.value)


def test_what_nobody_knows_is_kept_and_shown() -> None:
    account: dict[str, Any] = aws("a", custom={"deep": [1, True, "x"]})

    report = reported(spring({"aws": {"accounts": [account]}}))

    (fields,) = (one["fields"] for one in document(report)["accounts"])
    custom = next(one for one in fields if one["field"] == "custom")
    assert custom["outcome"] == "carried"
    assert custom["value"] == {"deep": [1, True, "x"]}
    assert 'custom {"deep": [1, true, "x"]}' in text(report)


def test_an_account_whose_name_looks_like_a_secret_is_not_in_the_report() -> None:
    report = reported(spring({"aws": {"accounts": [aws(LOOKS[0])]}}))

    assert PLANTED not in text(report)
    assert not report.spinnaker.accounts


@pytest.mark.parametrize(
    "content",
    [
        b"l0: &l0 [x]\n"
        + b"".join(
            b"l%d: &l%d [%s]\n" % (n, n, b"*l%d," % (n - 1) * 9) for n in range(1, 9)
        ),
        b"a: &a [" + b"x," * 1_000 + b"]\nb: [" + b"*a," * 2_000 + b"]",
        b"[" * 200_000,
        b"{" * 200_000,
        b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
        b"- " * 60 + b"x",
        b'[{"name": "a", "x": ' + b"[" * 60 + b"]" * 60 + b"}]",
        b"---\naws: {}\n" * 101,
        b"a: 1\n---\nb: *x\n",
        b"a: &x 1\n---\nb: *x\n",
        b"<<: [1]\n",
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(BadSource) as error:
        reported({"clouddriver.yml": content})

    assert NOT_KNOWN not in str(error.value)


def test_the_bounds_hold_for_json_as_for_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (bounded_yaml, documents_of):
        monkeypatch.setattr(module, "MOST_NODES", 100)
    monkeypatch.setattr(bounded_yaml, "MOST_BYTES", 1_000)
    rows = json.dumps([{"name": str(one)} for one in range(60)]).encode()

    for content in (rows[:1_000], yaml_of(json.loads(rows))[:900], b"x" * 1_001):
        with pytest.raises(BadSource):
            reported({"credentials.json": content})


def test_numbers_of_json_of_any_length_are_read() -> None:
    rows = b'[{"name": "a", "type": "aws", "accountId": ' + b"9" * 9_000 + b"}]"

    report = reported({"credentials.json": rows})

    (account,) = report.spinnaker.accounts
    assert account.values["accountId"] == "9" * 9_000


WITHIN = """
import resource
from onboarding.carried import secrets

resource.setrlimit(resource.RLIMIT_CPU, (7, 7))
for shape in {shapes!r}:
    text = (shape * 2_000_000)[:2_000_000]
    for pattern in (secrets.SECRET_VALUE, secrets.AWS_SECRET, secrets.SECRET_KEY):
        assert not pattern.search(text), (shape, pattern)
    assert not secrets.REFERENCE.fullmatch(text)
"""


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize(
    "shapes",
    [
        ["-eyJ", "-eyJaaaaaaaa", "eyJaaaaaaaa", ".ghp_a"],
        ["://" + ":" * 512, "://a", ":", "/"],
        ["aB/+", "bearer", "${", "encrypted:"],
    ],
)
def test_two_megabytes_of_near_misses_take_seconds(shapes: list[str]) -> None:
    """A pattern that starts over takes minutes here: the kernel ends it."""
    ended = subprocess.run([sys.executable, "-c", WITHIN.format(shapes=shapes)])

    assert ended.returncode == 0


def test_a_value_that_no_field_needs_is_not_looked_at() -> None:
    assert looks_secret("a" * (LONGEST + 1))
    assert not looks_secret("a" * LONGEST)
