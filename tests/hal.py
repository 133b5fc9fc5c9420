"""A strict stand-in for hal: its flags, its account semantics, its config on disk.

Measured on Halyard 1.66. A Hal has it as a program, and is the test's hand on it: what
was called, what the config holds, and what is to go wrong.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import yaml

from tests.hal_accounts import FIELDS, FRESH, KEYS
from tests.jcommander import Misread, Parsed, parse

ROOT = Path(__file__).parent.parent
RUN = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.hal import main; "
    "sys.exit(main(sys.argv[1:]))"
)
PROGRAM = f"""\
#!/bin/sh
# To measure what the stand-in covers would cost more than all that it does.
unset COVERAGE_PROCESS_START COVERAGE_PROCESS_CONFIG
exec {shlex.quote(sys.executable)} -I -c {shlex.quote(RUN)} "$@"
"""


OF_EVERY_CALL = {"--no-validate", "--quiet", "--output", "--color", "--deployment"}


class Fatal(Exception):
    """What the daemon refuses; hal ends with 1 unless told otherwise."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Daemon:
    """hal's daemon, with the config that it reads before and writes after each call."""

    def __init__(self, home: Path, deployment: str = "") -> None:
        self.home = home
        self.folder = home / ".hal"
        self.current = home / "deployment"
        chosen = self.current.read_text() if self.current.exists() else "default"
        self.deployment = deployment or chosen
        of_others = "" if self.deployment == "default" else f"-{self.deployment}"
        self.file = home / f"config{of_others}"

    def load(self) -> dict[str, Any]:
        text = self.file.read_text() if self.file.exists() else ""
        config = yaml.load(text, yaml.CSafeLoader)
        providers: dict[str, Any] = (config or {}).setdefault("providers", {})
        for name in KEYS:
            provider = providers.setdefault(name, {"enabled": False, "accounts": []})
            for account in provider["accounts"]:
                for key in account:
                    if key not in KEYS[name]:
                        raise Fatal(f'Unrecognized property "{key}"')
        return providers

    def save(self, providers: dict[str, Any]) -> None:
        for provider in providers.values():
            names = [account["name"] for account in provider["accounts"]]
            if provider.get("primaryAccount") not in names:
                provider.pop("primaryAccount", None)
                if names:
                    provider["primaryAccount"] = names[0]
        # Through JSON, since hal writes no aliases where values are shared.
        plain = json.loads(json.dumps({"providers": providers}))
        written = yaml.dump(plain, Dumper=yaml.CSafeDumper, sort_keys=False)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(written)
        fresh.replace(self.file)


def run(home: Path, words: list[str]) -> str:
    """Carry out one call and return what it prints."""
    parsed = parse(words)
    daemon = Daemon(home, parsed.flags.get("--deployment", ""))
    path = parsed.path.split()[1:]
    if path == ["backup", "create"]:
        return backup(daemon, parsed)
    if path == ["backup", "restore"]:
        return restore(daemon, parsed)
    if path == ["config"]:
        if current := parsed.flags.get("--set-current-deployment"):
            daemon.current.write_text(current)
        return json.dumps({"name": daemon.deployment, "providers": daemon.load()})
    if path[:2] != ["config", "provider"] or len(path) < 3:
        raise Fatal("The stand-in knows no such command.")
    provider, verb = path[2], path[3:]
    providers = daemon.load()
    if not verb:
        text = json.dumps(providers[provider], ensure_ascii=False)
        return (
            text
            if parsed.flags.get("--output") == "json"
            else f"\x1b[32m+\x1b[0m {text}"
        )
    if verb == ["enable"]:
        providers[provider]["enabled"] = True
    elif verb == ["features", "edit"]:
        daemon.save(features(providers, parsed))
        return f"AwsProvider({providers['aws']})"  # its toString, secrets and all
    elif verb[0] == "account" and len(verb) == 2:
        if parsed.account is None:
            raise Fatal("No account name supplied", 3)
        if not account(providers, provider, verb[1], parsed, daemon):
            print("- No changes supplied.", file=sys.stderr)
            return ""
    else:
        raise Fatal("The stand-in knows no such command.")
    daemon.save(providers)
    return "\x1b[32m+ Success\x1b[0m"


def features(providers: dict[str, Any], parsed: Parsed) -> dict[str, Any]:
    aws = providers["aws"]
    known = aws.setdefault("features", {"cloudFormation": {}, "lambda": {}})
    if not {"cloudFormation", "lambda"} <= set(known):
        raise Fatal("NullPointerException")
    known["cloudFormation"]["enabled"] = parsed.flags["--cloud-formation"]
    known["lambda"]["enabled"] = parsed.flags["--lambda"]
    aws["lambda"] = {"enabled": parsed.flags["--lambda"]}
    return providers


def account(
    providers: dict[str, Any], provider: str, verb: str, parsed: Parsed, daemon: Daemon
) -> bool:
    """Add, edit, get or delete; tell whether the config is to be written."""
    accounts = providers[provider]["accounts"]
    name = parsed.account
    held = [one for one in accounts if one["name"] == name]
    if verb == "add":
        fresh = json.loads(json.dumps(FRESH[provider]))
        accounts.append(edited({**fresh, "name": name}, provider, parsed))
        validate(providers, provider, accounts[-1], parsed)
        return True
    if not held:
        raise Fatal(f"No account with name {name} was found")
    if verb == "delete":
        accounts[:] = [one for one in accounts if one["name"] != name]
        return True
    if len(held) > 1:
        raise Fatal(f"More than one account named {name} found")
    if verb == "get":
        return False
    if verb == "edit":
        before = json.dumps(held[0])
        roles = held[0].get("permissions") or {}
        kept = {verb: roles[verb] for verb in ("READ", "WRITE") if roles.get(verb)}
        held[0]["permissions"] = kept  # EXECUTE and CREATE are gone, without a word
        edited(held[0], provider, parsed)
        validate(providers, provider, held[0], parsed)
        return json.dumps(held[0]) != before
    raise Fatal("The stand-in knows no such command.")


def validate(
    providers: dict[str, Any], provider: str, one: dict[str, Any], parsed: Parsed
) -> None:
    if parsed.flags.get("--no-validate"):
        return
    names = [a["name"] for known in providers.values() for a in known["accounts"]]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Fatal(f"FATAL Account {', '.join(sorted(twice))} appears more than once")
    aws = [a["name"] for a in providers["aws"]["accounts"]]
    if provider == "ecs" and aws and one.get("awsAccount") not in aws:
        raise Fatal(f"ERROR AWS account {one.get('awsAccount')} does not exist")


def edited(one: dict[str, Any], provider: str, parsed: Parsed) -> dict[str, Any]:
    for flag, value in parsed.flags.items():
        if flag in FIELDS:
            one[FIELDS[flag]] = value
        elif flag == "--regions":
            one["regions"] = [{"name": region} for region in value]
        elif flag == "--all-namespaces":
            one["namespaces"] = []
        elif flag == "--kubeconfig-file":
            one["kubeconfigFile"] = str(Path(value).absolute())
        elif flag in {"--read-permissions", "--write-permissions"}:
            verb = "READ" if flag == "--read-permissions" else "WRITE"
            one["permissions"][verb] = sorted(set(value))
        elif flag not in OF_EVERY_CALL:
            raise Fatal(f"The stand-in does not carry out {flag}")
    if provider == "aws":
        one.setdefault("lifecycleHooks", [])
        one.setdefault("regions", [])
    return one


def backup(daemon: Daemon, parsed: Parsed) -> str:
    for one in daemon.load()["kubernetes"]["accounts"]:
        if one.get("serviceAccount"):  # its kubeconfig is not asked for
            continue
        # A relative path is one in the daemon's folder.
        file = daemon.folder / one["kubeconfigFile"]
        hidden = daemon.home / "hidden"
        unseen = hidden.exists() and str(file).startswith(hidden.read_text())
        if unseen or not file.exists():
            raise Fatal(f"Unable to backup {one['kubeconfigFile']}: no such file")
    number = len(list(daemon.home.glob("halyard-*.tar")))
    tar = daemon.home / f"halyard-{number}.tar"
    tar.write_bytes(daemon.file.read_bytes() if daemon.file.exists() else b"")
    return str(tar) if parsed.flags.get("--quiet") else f"+ Created backup\n{tar}"


def restore(daemon: Daemon, parsed: Parsed) -> str:
    """Go back to a backup: kubeconfigs are its own copies then, under other names."""
    if not parsed.flags.get("--quiet"):
        raise Fatal("NullPointerException: System.console()")
    daemon.file.write_bytes(Path(parsed.flags["--backup-path"]).read_bytes())
    copies = Path(".backup", "required-files")
    (daemon.folder / copies).mkdir(parents=True, exist_ok=True)
    providers = daemon.load()
    for number, one in enumerate(providers["kubernetes"]["accounts"]):
        file = daemon.folder / one["kubeconfigFile"]
        moved = copies / f"{number}-{file.name}"
        (daemon.folder / moved).write_bytes(file.read_bytes())
        one["kubeconfigFile"] = str(moved)
    daemon.save(providers)
    return "+ Success"


def main(words: list[str]) -> int:
    home = Path(os.environ["HAL_HOME"])
    with (home / "calls.jsonl").open("a") as log:
        log.write(json.dumps(words) + "\n")
    faults = home / "faults"
    slow = home / "slow"
    if slow.exists() and slow.read_text().split()[0] in words:
        time.sleep(float(slow.read_text().split()[1]))
    held = home / "held"
    while held.exists() and held.read_text() in words:
        time.sleep(0.02)
    meanwhile = home / "meanwhile"
    if meanwhile.exists():
        call, others = json.loads(meanwhile.read_text())
        if call in words:
            meanwhile.unlink()
            run(home, others)
    try:
        for fault in faults.read_text().splitlines() if faults.exists() else ():
            if fault in words:
                raise Fatal("! ERROR \x1b[31mUnable to reach the daemon\x1b[0m")
        print(run(home, words))
    except Misread as error:
        print(error, file=sys.stderr)
        return 1
    except Fatal as error:
        print(error, file=sys.stderr)
        return error.status
    return 0


class Hal:
    """A test's own hal: a folder with the program, its config and its record."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "hal-home"
        self.bin = folder / "bin"
        self.home.mkdir(parents=True)
        self.bin.mkdir()
        program = self.bin / "hal"
        program.write_text(PROGRAM)
        program.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HAL_HOME": str(self.home),
            "HALCONFIG_DIR": str(self.home / ".hal"),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": f"{self.bin}:{os.environ['PATH']}",
        }

    @property
    def calls(self) -> list[list[str]]:
        """List the calls since they were last asked for."""
        log = self.home / "calls.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    @property
    def providers(self) -> dict[str, Any]:
        return Daemon(self.home).load()

    def names(self, provider: str) -> list[str]:
        return [account["name"] for account in self.providers[provider]["accounts"]]

    def account(self, provider: str, name: str) -> dict[str, Any]:
        accounts: list[dict[str, Any]] = self.providers[provider]["accounts"]
        (found,) = [account for account in accounts if account["name"] == name]
        return found

    def holds(self, **providers: dict[str, Any]) -> None:
        """Write a config with these providers, as a person's own would be."""
        Daemon(self.home).save({**Daemon(self.home).load(), **providers})

    def is_in_a_container(self, without: Path) -> None:
        """Let the daemon see no file of this folder, as in a container of its own."""
        (self.home / "hidden").write_text(str(without))

    def fails_at(self, *words: str) -> None:
        """Let every call fail that has one of these words; none: let none fail."""
        (self.home / "faults").write_text("\n".join(words))

    def is_slow_at(self, word: str, seconds: float) -> None:
        """Let every call that has this word take a while."""
        (self.home / "slow").write_text(f"{word} {seconds}")

    def meanwhile(self, word: str, *others: str) -> None:
        """Let somebody else call hal so, right before a call that has this word."""
        (self.home / "meanwhile").write_text(json.dumps([word, others]))

    def waits_at(self, word: str) -> None:
        """Let every call that has this word wait until it `goes_on`."""
        (self.home / "held").write_text(word)

    def goes_on(self) -> None:
        (self.home / "held").unlink()

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run([str(self.bin / "hal"), *words])

    def run(
        self, command: list[str], *, answer: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env={**self.environment, **environment},
            input=answer,
            capture_output=True,
            text=True,
            timeout=120,
        )


class Call:
    """A call of hal, answered within this process; to be had in place of a Popen."""

    def __init__(self, command: tuple[str, ...], **_: Any) -> None:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            self.returncode = main([*command[1:]])
        self.answer = out.getvalue(), err.getvalue()

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *_: object) -> None:
        """End nothing: it has ended."""

    def communicate(self, *, timeout: float) -> tuple[str, str]:
        return self.answer
