"""What was read is passed on as text, and is then the same, without a secret."""

from __future__ import annotations

import json

from onboarding.adopting.report import document, report_of
from onboarding.adopting.sources.passing import passed, read_of, together
from onboarding.adopting.sources.reading import Read, read_sources
from onboarding.adopting.wording import text
from tests.onboarding.adopting.documents import aws, halconfig, loaded, stored, yaml_of
from tests.onboarding.adopting.test_clusters import TOKEN, kubeconfig, run
from tests.onboarding.adopting.test_secrets import ACCESS_KEY, PLANTED, sources

ODD = aws("odd", custom={"secret": True, "mapping": {"secret": "x"}, "": [None, 1.5]})
KUBECONFIG = {"prod.yml": yaml_of(kubeconfig(run("aws", *TOKEN)))}


def read_all(files: dict[str, bytes]) -> Read:
    return read_sources(files, named=frozenset(files))


def test_what_is_passed_on_is_the_same_and_holds_no_secret() -> None:
    odd = {**halconfig({"aws": {"accounts": [ODD]}}), **KUBECONFIG}
    for files in (*sources(), odd):
        before = read_all(files)

        passed_on = json.dumps(passed(before))

        assert read_of(json.loads(passed_on)) == before
        assert PLANTED not in passed_on
        assert ACCESS_KEY not in passed_on
        assert "4711471147" not in passed_on


def test_what_is_read_in_parts_is_reported_as_what_is_read_at_once() -> None:
    providers = {"aws": {"accounts": [aws("dev"), aws("other", "210987654321")]}}
    files, gate = (
        {**halconfig(providers), **KUBECONFIG},
        {
            **stored({"aws": {"accounts": [aws("dev", environment="x")]}}),
            **loaded(providers),
        },
    )

    apart = report_of(together(read_all(files), read_all(gate)))

    at_once = report_of(read_all({**files, **gate}))
    assert document(apart) == document(at_once)
    assert text(apart) == text(at_once)
