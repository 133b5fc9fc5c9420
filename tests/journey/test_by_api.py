"""From nothing to a bundle by the API alone, with a real worker, broker and emulated
AWS: the examples of the docs, word for word, as programs of their own, and clients that
generators make of the API's description.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.api.api import api
from accounts.models import Activity, Bundle, ManagedAccount, ManagingAccount
from accounts.models import Run as Run_
from accounts.models.people import Scope
from accounts.models.states import State, Status
from accounts.tokens.api_tokens import make
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.rows import decider
from tests.servers import StartWorker

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "onboard.py"
IN_SHORT = DOCS / "examples" / "onboard_in_short.py"
FILE = f"""\
managing: {{name: core, account_id: "{MANAGING.account_id}"}}
accounts:
  - name: production
    account_id: "{MEMBERS[1].account_id}"
    access_role: OrganizationAccountAccessRole
    regions: [us-east-1, us-west-2]
    providers: {{ec2: {{}}, lambda: {{}}}}
"""


def test_the_examples_onboard_an_account_from_nothing_to_a_bundle(
    live_server: Any,
    own_organization: Credentials,
    celery_worker: StartWorker,
    tmp_path: Path,
) -> None:
    celery_worker(**own_organization.environment)
    olga = decider()
    token = make(
        olga,
        uuid.uuid4(),
        name="onboarding",
        scopes=list(Scope.values),
        expires_at=timezone.now() + timedelta(days=1),
    )

    def run(*program: Any, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-I", *program],
            cwd=tmp_path,
            env={"BOWLINE_URL": live_server.url, "BOWLINE_TOKEN": token}
            | {"PATH": os.environ["PATH"]},
            capture_output=True,
            input=given,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    printed = run(EXAMPLE, MANAGING.account_id, MEMBERS[0].account_id)

    assert "create role spinnakerManaged" in printed
    account = ManagedAccount.objects.get()
    assert (account.name, account.state) == ("staging", State.VERIFIED)
    archive = tmp_path / "bundle.zip"
    assert archive.read_bytes() == bytes(Bundle.objects.get().archive)
    with zipfile.ZipFile(archive) as bundle:
        accounts = json.loads(bundle.read("manifest.json"))["accounts"]
    assert [one["name"] for one in accounts] == ["staging"]
    decided = Activity.objects.filter(detail__token="onboarding").order_by("number")
    assert [*decided.values_list("what", "who")] == [
        (what, "olga")
        for what in (
            *("describe", "describe", "plan", "approve", "plan", "approve"),
            *("build", "download"),
        )
    ]

    ManagingAccount.objects.update(name="core")
    run(EXAMPLE, MANAGING.account_id, MEMBERS[0].account_id)
    assert ManagingAccount.objects.get().name == "core", "what runs is not renamed"
    Bundle.objects.filter(number=2).delete()

    printed = run(IN_SHORT, given=FILE)

    newest = Bundle.objects.get(number=2)
    assert printed.split() == [live_server.url + "/bundles/2/", newest.sha256]
    production = ManagedAccount.objects.get(name="production")
    assert production.state == State.VERIFIED
    assert [*newest.accounts.order_by("name")] == [production, account]
    approved = Activity.objects.filter(what="approve", detail__token="onboarding")
    assert approved.count() == 3


ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "clients"
PYTHON = ROOT / "var" / "clients" / "bin"
TYPESCRIPT = ROOT / "var" / "clients-typescript"
GO = ROOT / "var" / "clients-go"
OPENAPI_GENERATOR = "openapi-generator-cli", "7.14.0"

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program next to the description, and return what it prints."""
    (tmp_path / "openapi.json").write_text(json.dumps(api.get_openapi_schema()))

    def run(*program: Any, given: str = "", **environment: str) -> str:
        done = subprocess.run(
            list(map(str, program)),
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.environ["HOME"],
                "GOTOOLCHAIN": "local",
                "GOPROXY": "off",
                "GOFLAGS": "-mod=readonly",
                **environment,
            },
            capture_output=True,
            input=given,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def bowline(
    live_server: Any, own_organization: Credentials, celery_worker: StartWorker
) -> dict[str, str]:
    """Serve Bowline, and say where, to somebody who plans and approves."""
    celery_worker(**own_organization.environment)
    olga = decider()
    ends = timezone.now() + timedelta(days=1)
    token = make(
        olga, uuid.uuid4(), name="client", scopes=Scope.values, expires_at=ends
    )
    return {"BOWLINE_URL": live_server.url, "BOWLINE_TOKEN": token}


def needs(program: Path | str) -> Path:
    """Give a program. Where it is not installed, skip; in CI, fail."""
    found = shutil.which(str(program))
    if found is None:
        missing = f"{program} is missing. Install it, or run script/setup clients."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return Path(found)


def test_an_account_is_applied_and_destroyed_as_a_terraform_resource(
    run: Run, bowline: dict[str, str], tmp_path: Path
) -> None:
    shutil.copy(EXAMPLES / "resource.py", tmp_path)
    wanted = {
        "account_id": MEMBERS[0].account_id,
        "access_role": "OrganizationAccountAccessRole",
        "regions": ["us-east-1"],
        "providers": {"ec2": {}},
    }

    def resource(verb: str, path: str, described: Any = None) -> Any:
        program = (sys.executable, "-I", "resource.py", verb, path)
        printed = run(*program, given=json.dumps(described), **bowline)
        return json.loads(printed or "null")

    managing = {"name": "core", "account_id": MANAGING.account_id}
    resource("apply", "managing-account", managing)
    first = resource("apply", "accounts/terraform", wanted)
    runs = Run_.objects.count()
    second = resource("apply", "accounts/terraform", first)

    assert first.items() >= wanted.items()
    assert second == first, "a plan right after an apply is empty"
    assert states() == {"terraform": State.VERIFIED}
    assert Run_.objects.count() == runs + 1

    resource("destroy", "accounts/terraform")
    resource("destroy", "accounts/terraform")

    assert states() == {}
    assert Run_.objects.filter(status=Status.REMOVED).count() == 1


def operations() -> set[str]:
    paths = api.get_openapi_schema()["paths"].values()
    return {one["operationId"] for methods in paths for one in methods.values()}


def states() -> dict[str, str]:
    return dict(ManagedAccount.objects.values_list("name", "state"))


def test_python_onboards_two_accounts_in_a_rollout(
    run: Run, bowline: dict[str, str], tmp_path: Path
) -> None:
    generator = needs(PYTHON / "openapi-python-client")
    client = tmp_path / "bowline_client"
    run(
        *(generator, "generate", "--path", "openapi.json", "--meta", "none"),
        *("--output-path", client),
    )
    made = {one.stem for one in client.glob("api/*/*.py")} - {"__init__"}
    assert made == operations()
    shutil.copy(EXAMPLES / "rollout.py", tmp_path)

    ids = [one.account_id for one in (MANAGING, *MEMBERS[:2])]
    printed = run(PYTHON / "python", "rollout.py", *ids, **bowline)

    assert printed.count("create role spinnakerManaged") >= 1
    assert printed.count(" verified") == 2
    assert set(states().values()) == {State.VERIFIED}


def test_typescript_type_checks_and_onboards_an_account(
    run: Run, bowline: dict[str, str], tmp_path: Path
) -> None:
    node = needs("node")
    programs = TYPESCRIPT / "node_modules" / ".bin"
    needs(programs / "openapi-typescript")
    shutil.copy(TYPESCRIPT / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    shutil.copy(EXAMPLES / "onboard.ts", tmp_path)
    run(programs / "openapi-typescript", "openapi.json", "-o", "bowline.d.ts")
    checked = ("--strict", "--target", "es2022", "--module", "nodenext")
    run(programs / "tsc", *checked, "--types", "node", "onboard.ts")

    ids = [one.account_id for one in (MANAGING, MEMBERS[0])]
    printed = run(node, "onboard.js", *ids, **bowline)

    assert "create role spinnakerManaged" in printed
    assert states() == {"typescript": State.VERIFIED}


def test_go_compiles_and_onboards_an_account(
    run: Run, bowline: dict[str, str], tmp_path: Path
) -> None:
    go, generator = needs("go"), needs(GO / "oapi-codegen")
    for name in ("go.mod", "go.sum"):
        shutil.copy(ROOT / "tests" / "journey" / "clients" / name, tmp_path)
    (tmp_path / "bowline").mkdir()
    shutil.copy(EXAMPLES / "onboard.go", tmp_path)
    made = run(generator, "--config", EXAMPLES / "oapi-codegen.yaml", "openapi.json")
    assert made == ""

    ids = [one.account_id for one in (MANAGING, MEMBERS[0])]
    printed = run(go, "run", ".", *ids, **bowline)

    assert "create role spinnakerManaged" in printed
    assert states() == {"go": State.VERIFIED}


def test_the_go_client_of_openapi_generator_compiles_without_options(run: Run) -> None:
    maven, java, go = map(needs, ("mvn", "java", "go"))
    name, version = OPENAPI_GENERATOR
    jar = f"-Dartifact=org.openapitools:{name}:{version}"  # fetched once: 29 MB
    run(maven, "--batch-mode", "dependency:copy", jar, "-DoutputDirectory=.")
    said = ("--input-spec", "openapi.json", "--generator-name", "go", "--output", "go")
    run(java, "-jar", f"{name}-{version}.jar", "generate", *said)

    run(go, "-C", "go", "build", "./...", GOFLAGS="-mod=mod")
