"""Folders of Spring's files: by hand, one for each rule of Spring Boot, and others."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.clouddriver import STOCK

Tree = Mapping[str, str]
"""By the path in /opt/spinnaker/config, what is in the file."""

LISTED = "{{name: {0}, accountId: '123456789012', assumeRole: role/{0}}}"


def accounts(*names: str) -> str:
    """Write a document with these accounts."""
    return f"aws: {{accounts: [{', '.join(map(LISTED.format, names))}]}}\n"


def tree(*documents: str, **files: str) -> Tree:
    """Return the stock file, with more documents, and other files: `__` is `/`, `_` is
    `-`.
    """
    stock = {"clouddriver.yml": "---\n".join((STOCK, *documents))}
    return stock | {
        f"{name.replace('__', '/').replace('_', '-')}.yml": text
        for name, text in files.items()
    }


IMPORTS = "spring.config.import: optional:file:/opt/spinnaker/config/*/\n"
ONE = "aws: {accounts: [{name: a, assumeRole: role/a, accountId: '123456789012', "

BY_HAND: Mapping[str, Tree] = {
    # Files over files.
    "the stock file alone": tree(accounts("a")),
    "a profile hides the list": tree(
        accounts("a", "b"), clouddriver_local=accounts("b")
    ),
    "spinnaker.yml is below": tree(accounts("a"), spinnaker=accounts("b")),
    "spinnaker-local.yml is above clouddriver.yml": tree(
        accounts("a"), spinnaker_local=accounts("b")
    ),
    "clouddriver-local.yml is above spinnaker-local.yml": tree(
        clouddriver_local=accounts("a"), spinnaker_local=accounts("b")
    ),
    "another profile isn't active": tree(accounts("a"), clouddriver_prod=accounts("b")),
    "yml is above yaml": {**tree(accounts("a")), "clouddriver.yaml": accounts("b")},
    "files in folders below": tree(
        accounts("a"),
        spinnaker=IMPORTS,
        x__clouddriver_local=accounts("b"),
        clouddriver_local=accounts("c"),
    ),
    "folders in their order": tree(
        spinnaker=IMPORTS,
        b__clouddriver_local=accounts("b"),
        a__clouddriver_local=accounts("a"),
        a__spinnaker_local=accounts("s"),
        b__clouddriver=accounts("c"),
        a__clouddriver_prod=accounts("p"),
    ),
    "clouddriver.yml in a folder below is below": tree(
        accounts("a"), spinnaker=IMPORTS, x__clouddriver=accounts("b")
    ),
    "kustomize imports after other documents": {
        "spinnaker.yml": "---\n".join((STOCK, accounts("a"), IMPORTS)),
        "x/spinnaker.yml": accounts("b"),
    },
    "conditions of nothing": tree(
        accounts("a"), "spring: {profiles: local}\n", "spring.profiles: prod\n"
    ),
    # What Boot refuses.
    "a text for the list": tree(clouddriver_local="aws: {accounts: x}"),
    "an empty mapping for the list": tree(clouddriver_local="aws: {accounts: {}}"),
    "an index that is missing": tree(
        clouddriver_local="aws.accounts[1].name: a\naws.accounts[2].name: b\n"
    ),
    # Lists and keys.
    "an empty list": tree(accounts("a"), clouddriver_local="aws: {accounts: []}"),
    "null for a list": tree(accounts("a"), clouddriver_local="aws: {accounts: }"),
    "a mapping for the list": tree(
        accounts("a"), clouddriver_local="aws: {accounts: {a: {name: b}}}"
    ),
    "numbers for keys": tree(
        clouddriver_local=f"aws: {{accounts: {{1: {LISTED.format('b')}, '0': "
        f"{LISTED.format('a')}}}}}"
    ),
    "indexes in keys": tree(
        clouddriver_local="aws.accounts[0].name: a\naws.accounts[0].account-id: '1'\n"
        "aws.accounts[0].assumeRole: role/x\n"
        "aws.accounts[0].regions[0].name: eu-west-1\n"
        "aws.accounts[1]: {name: b, account_id: '2', ASSUME_ROLE: role/y}\n"
    ),
    "a list and an index of it": tree(
        clouddriver_local=accounts("a", "b") + "aws.accounts[1].name: c\n"
    ),
    "an index before its list": tree(
        clouddriver_local="aws.accounts[0].name: c\n" + accounts("a", "b")
    ),
    "an index of the list of a field": tree(
        clouddriver_local=ONE
        + "regions: [{name: eu-west-1}, {name: us-west-2}], "
        "regions[1].name: ap-south-1}]}\n".replace(
            "regions[1].name", "'regions[1].name'"
        )
    ),
    "an index of a setting": tree(
        clouddriver_local="aws.defaultRegions: [{name: eu-west-1}, {name: us-west-2}]\n"
        "aws.defaultRegions[1].name: ap-south-1\n" + accounts("a")
    ),
    "dots and dashes in an account": tree(
        clouddriver_local=ONE + "'permissions.READ': [t], external-id: x, "
        "externalId: y, 'regions[0].name': eu-west-1}]}\n"
    ),
    "an index of a lower list": tree(
        accounts("a", "b"), clouddriver_local="aws.accounts[0]: " + LISTED.format("c")
    ),
    "keys in brackets": tree(
        clouddriver_local="'[aws].accounts[0].name': a\n"
        "'aws[accounts][0].accountId': '1'\n'aws[accounts][0].assumeRole': role/x\n"
    ),
    "keys with other signs": tree(
        clouddriver_local=accounts("a").replace("aws: {acc", "a ws: {ac!c")
    ),
    "keys that are empty": tree(
        clouddriver_local="'': {aws: {' ': {accounts: [" + LISTED.format("a") + "]}}}\n"
    ),
    "keys in other spellings": tree(
        clouddriver_local="AWS: {Default-Assume-Role: role/all, ACCOUNTS: [{name: a, "
        "account_id: '1', external-id: x, SESSION_NAME: s, lambda_enabled: true}]}\n"
    ),
    "two spellings of a key": tree(
        clouddriver_local="aws: {accounts: [{name: a, accountId: '1', account-id: '2', "
        "account_id: '3', assumeRole: role/a, assume_role: role/b, ACCOUNT_ID: '4'}]}\n"
    ),
    "spellings without the usual one": tree(
        clouddriver_local="aws: {accounts: [{name: a, accountId: '1', account_id: '3', "
        "assume_role: role/a, assumeRole: role/b, ASSUME_ROLE: role/c, "
        "ACCOUNT_ID: '4'}]}\n"
    ),
    "two spellings of the section": tree(
        clouddriver_local=accounts("a") + accounts("b", "c").replace("aws", "AWS")
    ),
    "settings are merged": tree(
        "aws: {defaultAssumeRole: role/low, defaultSessionName: low}\n",
        clouddriver_local="aws: {defaultSessionName: high, accounts: "
        "[{name: a, accountId: '1'}]}\n",
    ),
    "the other lists": tree(
        clouddriver_local="ecs: {accounts: [{name: e, awsAccount: a}]}\n"
        "kubernetes: {accounts: [{name: k, context: c, namespaces: [x, y], "
        "permissions: {READ: [t]}, kubeconfigFile: /k}, {name: l}]}\n",
        spinnaker_local="ecs.accounts: []\nkubernetes: {accounts: [{name: low}]}\n",
    ),
    "more than fifty aliases": tree(
        clouddriver_local="regions: &r [{name: eu-west-1}]\naws: {accounts: ["
        + ", ".join(
            f"{{name: a{place}, accountId: '1', assumeRole: role/x, regions: *r}}"
            for place in range(300)
        )
        + "]}\n"
    ),
    # Variables.
    "a variable with a default": tree(
        clouddriver_local=ONE + "externalId: '${NOT_SET:x-y}'}]}"
    ),
    "a variable without a value": tree(
        clouddriver_local=ONE + "externalId: 'x-${NOT_SET}'}]}"
    ),
    "a variable of another file": tree(
        clouddriver_local=ONE + "externalId: '${ids.theOne}', environment: "
        "'${ids.the-one:no}', sessionName: '${ids.THEONE:own}'}]}",
        spinnaker="ids: {theOne: 007}\n",
    ),
    "what Clouddriver itself says": tree(
        clouddriver_local=ONE
        + "environment: '${netflix.environment}-${spring.application.name}'}]}"
    ),
    "braces in a default": tree(
        clouddriver_local=ONE + "sessionName: '${NOT_SET:{{name}}-x}'}]}"
    ),
    # Texts.
    "texts without quotes": tree(
        clouddriver_local="aws: {accounts: [{name: 010, accountId: 012345678901, "
        "assumeRole: role/a, externalId: 12:30:45, environment: yes}]}\n"
    ),
    "documents of nothing": tree("# nothing\n", "- a\n", accounts("a"), "x\n"),
}


REFUSED = "refused"
LOADED: Mapping[str, str] = {
    "the stock file alone": "a",
    "a profile hides the list": "b",
    "spinnaker.yml is below": "a",
    "spinnaker-local.yml is above clouddriver.yml": "b",
    "clouddriver-local.yml is above spinnaker-local.yml": "a",
    "another profile isn't active": "a",
    "yml is above yaml": "a",
    "files in folders below": "b",
    "folders in their order": "b",
    "clouddriver.yml in a folder below is below": "a",
    "kustomize imports after other documents": "b",
    "conditions of nothing": "a",
    "a text for the list": REFUSED,
    "an empty mapping for the list": REFUSED,
    "an index that is missing": REFUSED,
    "an empty list": "",
    "null for a list": "",
    "a mapping for the list": "a",
    "numbers for keys": "a b",
    "indexes in keys": "a b",
    "a list and an index of it": "a c",
    "an index before its list": "a b",
    "an index of the list of a field": "a",
    "an index of a setting": "a",
    "dots and dashes in an account": "a",
    "an index of a lower list": "c",
    "keys in brackets": "a",
    "keys with other signs": "a",
    "keys that are empty": "a",
    "keys in other spellings": "a",
    "two spellings of a key": "a",
    "spellings without the usual one": "a",
    "two spellings of the section": "a c",
    "settings are merged": "a",
    "the other lists": "",
    "more than fifty aliases": " ".join(sorted(f"a{place}" for place in range(300))),
    "a variable with a default": "a",
    "a variable without a value": "a",
    "a variable of another file": "a",
    "what Clouddriver itself says": "a",
    "braces in a default": "a",
    "texts without quotes": "8",
    "documents of nothing": "a",
}
"""By tree, the names of the `aws` accounts, or that Clouddriver doesn't start."""
