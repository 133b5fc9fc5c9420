"""Which conditions of a trust policy a stranger doesn't meet. Pure.

A stranger has accounts, an organization, networks and names of their own choice, and an
identity of every public provider. What they can choose bounds nothing, whatever it is
compared with; of what they can't choose, a pattern must leave them out. So an audience
alone is open, and a subject suffices without one: a provider in IAM has a list of the
audiences that it takes, and AWS itself asks for the subject only. The rules are
those of AWS's global condition keys, of its condition operators, and of its
identity-provider controls for shared OIDC providers, in the IAM User Guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from typing import Any, NamedTuple

from onboarding.partitions import PARTITIONS
from onboarding.resources.policy import as_list

EXACT = ("stringequals", "stringequalsignorecase")
PATTERN = ("stringlike", "arnlike", "arnequals")
OWN = {"bool": "aws:principalisawsservice", "ipaddress": "aws:sourceip"}
"""Operators that compare one of the keys below, and it alone."""
RESOURCES = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths")
"""Variables that say whose the role is, which no caller chooses."""
ESCAPES = ("*", "?", "$")
FEWEST = 2
"""The characters of the shortest external ID that AWS takes."""
WIDEST = {4: 8, 6: 16}
"""The bits of the largest network that is somebody's own, by version of IP."""


class Value(NamedTuple):
    """What a condition compares a key with."""

    text: str
    """With nothing but wildcards in it that is a wildcard."""
    by_parts: bool = False
    """Whether it is compared as an ARN, part by part."""

    @property
    def is_whole(self) -> bool:
        return "*" not in self.text and "?" not in self.text

    @property
    def fixed(self) -> str:
        """Return what comes before the first wildcard."""
        return self.text.partition("*")[0].partition("?")[0]


def is_whole(value: Value) -> bool:
    return value.is_whole


def is_secret(value: Value) -> bool:
    """Return whether somebody must know some of it to meet it."""
    literal = len(value.text) - value.text.count("*") - value.text.count("?")
    return value.is_whole or literal >= FEWEST


def begins(sign: str) -> Callable[[Value], bool]:
    """Return what says whether all is said of the part before a sign."""

    def is_said(value: Value) -> bool:
        return value.is_whole or value.fixed.find(sign) > 0

    return is_said


def names_account(value: Value) -> bool:
    """Return whether an ARN can be of one account only, or of one bucket. As text, a
    `*` is also a part of the next parts: paths of roles may hold colons.
    """
    if value.is_whole:
        return True
    parts = (value.text if value.by_parts else value.fixed).split(":", 5)
    if len(parts) < 6:
        return False
    account, resource = Value(parts[4]), Value(parts[5])
    if account.text:
        return account.is_whole
    return resource.is_whole or "/" in resource.fixed


def is_true(value: Value) -> bool:
    return value.text.lower() == "true"


def is_own_network(value: Value) -> bool:
    try:
        network = ip_network(value.text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= WIDEST[network.version]


class Known(NamedTuple):
    """A key that strangers don't choose."""

    words: str
    """By what it knows a caller."""
    leaves_out: Callable[[Value], bool]
    """Whether strangers don't have the value."""
    is_always_there: bool = False
    """Whether every request has it."""


KEYS = {
    "sts:externalid": Known("an external ID", is_secret),
    "aws:principalorgid": Known("their organization", is_whole),
    "aws:principalorgpaths": Known("their place in the organization", begins("/")),
    "aws:principalaccount": Known("their account", is_whole, is_always_there=True),
    "aws:principalarn": Known("their own ARN", names_account, is_always_there=True),
    "aws:userid": Known("their own ID", begins(":"), is_always_there=True),
    "aws:principalisawsservice": Known(
        "being a service of AWS", is_true, is_always_there=True
    ),
    "aws:principalservicename": Known("the service that they are", is_whole),
    "aws:principalservicenameslist": Known("the service that they are", is_whole),
    "aws:federatedprovider": Known("what vouches for them", names_account),
    "aws:sourceaccount": Known("the account that a service acts for", is_whole),
    "aws:sourcearn": Known("what a service acts for", names_account),
    "aws:sourceorgid": Known("the organization that a service acts for", is_whole),
    "aws:sourceorgpaths": Known(
        "the organization that a service acts for", begins("/")
    ),
    "aws:sourceip": Known("their network", is_own_network),
    "aws:sourcevpc": Known("their network", is_whole),
    "aws:sourcevpcarn": Known("their network", names_account),
    "aws:sourcevpce": Known("their network", is_whole),
    "aws:vpceaccount": Known("their network", is_whole),
    "aws:vpceorgid": Known("their network", is_whole),
    "aws:vpceorgpaths": Known("their network", begins("/")),
    "aws:ec2instancesourcevpc": Known("their network", is_whole),
    "ec2:sourceinstancearn": Known("their instance", names_account),
    "lambda:sourcefunctionarn": Known("their function", names_account),
    "identitystore:userid": Known("their own ID", is_whole),
}

SENTINEL = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d"
SESSION_NAME = "sts:rolesessionname"
"""Microsoft Sentinel is one subject to AWS, whoever's workspace it looks after: the
name of its session says whose. Everybody else chooses that name.
"""
SUBJECT = "sub"
ALWAYS_CLAIMED = (SUBJECT, "aud")
"""Claims that every token has."""
CHOSEN = (
    *("actor", "actor_id", "base_ref", "context", "environment", "event_name"),
    *("head_ref", "job_workflow_ref", "ref", "ref_type", "runner_environment"),
    *("workflow", "workflow_ref"),
)
"""What everybody chooses for their own repository, so a subject that begins with it."""
KINDS = (
    *("", "account", "app", "auth0", "deploy", "enterprise", "enterprise_id"),
    *("environments", "google-oauth2", "group", "https", "mcp", "namespace"),
    *("namespace_id", "oauth2", "org", "organization", "owner", "p", "pipeline"),
    *("project", "project_id", "project_path", "pulumi", "repo", "repository"),
    *("repository_id", "repository_owner", "repository_owner_id", "sc"),
    *("serviceaccount", "space", "stack", "system", "team", "user", "workspace"),
)
"""Parts of subjects that say what comes next, and nothing of whose it is."""
CLAIMS: dict[str, tuple[frozenset[str], ...]] = {
    "token.actions.githubusercontent.com": (
        frozenset({SUBJECT}),
        frozenset({"enterprise_id"}),
        frozenset({"repository"}),
        frozenset({"repository_id"}),
        frozenset({"repository_owner"}),
        frozenset({"repository_owner_id"}),
    ),
    "accounts.google.com": (frozenset({"aud", SUBJECT}),),
    "graph.facebook.com": (frozenset({"app_id", "id"}),),
    "www.amazon.com": (frozenset({"app_id", "user_id"}),),
    "api.pulumi.com/oidc": (frozenset({SUBJECT}), frozenset({"aud"})),
    "oidc.vercel.com": (frozenset({SUBJECT}), frozenset({"aud"})),
    "sandboxes.cloud": (frozenset({SUBJECT}), frozenset({"aud"})),
    SENTINEL: (frozenset({SESSION_NAME}),),
}
"""Which claims leave strangers out, where it isn't the subject alone: those that AWS
asks for, or that say whose the workflow is. Everybody can sign in to an application of
Google, Facebook, or Amazon, and an application of somebody else gets tokens for the
same people.
"""
BY_SUBJECT = (frozenset({SUBJECT}),)
BY_POOL = (frozenset({"aud"}),)


def issuer_of(name: str) -> str:
    """Return the provider of identities that a principal names, as keys do."""
    named = name.partition(":oidc-provider/")[2] or name
    return named.lower().rstrip("/")


def is_cluster(issuer: str) -> bool:
    """Return whether it vouches for a cluster of EKS alone."""
    host, _, path = issuer.partition("/")
    parts = tuple(host.split("."))
    hosts = (("oidc", "eks"), ("oidc-eks",))
    return path.startswith("id/") and any(
        parts == (*begin, region, *end)
        for begin in hosts
        for partition in PARTITIONS.values()
        for end in (tuple(partition.dns_suffix.split(".")), ("api", "aws"))
        for region in parts[len(begin) : len(begin) + 1]
        if region in partition.regions
    )


def is_pool(issuer: str) -> bool:
    """Return whether it is Cognito, in which everybody can have pools."""
    return issuer.startswith("cognito-identity") and "/" not in issuer


class Condition(NamedTuple):
    """One key of a condition."""

    operator: str
    key: str
    """Both in lower case."""
    values: tuple[str, ...] = ()
    name: str = ""
    """The key as it is written."""

    @property
    def quantifier(self) -> str:
        return self.operator.rpartition(":")[0]

    @property
    def plain(self) -> str:
        """Return the operator without what else it says."""
        written = self.operator.rpartition(":")[2].removesuffix("ifexists")
        return written.replace("not", "", 1)

    @property
    def is_negated(self) -> bool:
        return "not" in self.operator

    @property
    def passes_absent(self) -> bool:
        """Return whether a request without the key meets it."""
        if self.operator.endswith("ifexists") or self.quantifier == "forallvalues":
            return True
        return self.is_negated and self.quantifier != "foranyvalue"

    @property
    def known(self) -> Known | None:
        """Return what is known by the key; None: strangers choose it, too."""
        if found := KEYS.get(self.key):
            return found
        if self.key == SESSION_NAME:
            return Known("the name of their session", is_whole)
        issuer, claim = claim_of(self.key)
        if "." not in issuer or ":" in issuer:
            return None
        rule = is_subject if claim == SUBJECT else is_whole
        return Known(f"their token ({claim})", rule, claim in ALWAYS_CLAIMED)

    @property
    def leaves_out(self) -> bool:
        """Return whether strangers have none of the values that it names."""
        if not (known := self.known) or not self.values:
            return False
        if self.plain not in (*EXACT, *PATTERN) and OWN.get(self.plain) != self.key:
            return False
        by_parts = self.plain.startswith("arn")
        texts = (self.written(value) for value in self.values)
        return all(
            text is not None and known.leaves_out(Value(text, by_parts))
            for text in texts
        )

    def written(self, value: str) -> str | None:
        """Return a value in which only wildcards are wildcards; None: it is what the
        caller is, by a variable.
        """
        first, *rest = value.split("${")
        text = first if self.plain in PATTERN else literal(first)
        for part in rest:
            name, closed, after = part.partition("}")
            is_fixed = name in ESCAPES or name.lower() in RESOURCES
            if not (closed and is_fixed):
                return None
            text += "x" + (after if self.plain in PATTERN else literal(after))
        return text

    def shuts_out(self, there: Iterable[str]) -> bool:
        """Return whether no stranger meets it; `there`: keys that others ask for."""
        if self.is_negated or not self.leaves_out:
            return False
        assert self.known is not None
        return not self.passes_absent or self.known.is_always_there or self.key in there

    @property
    def spares_known(self) -> bool:
        """Return whether whoever doesn't meet it is no stranger."""
        if not (known := self.known):
            return False
        if self.plain == "bool":
            return self.key == OWN["bool"] and self.values == ("false",)
        missed = not (self.passes_absent or known.is_always_there)
        return self.is_negated and self.leaves_out and not missed


def claim_of(key: str) -> tuple[str, str]:
    """Return whose tokens a key is about, and which claim of theirs it is."""
    issuer, _, claim = key.rpartition(":")
    if key == SESSION_NAME:
        return SENTINEL, SESSION_NAME
    return issuer.rstrip("/"), claim


def literal(text: str) -> str:
    """Return a text in which nothing is a wildcard: `*` is a sign like others."""
    return text.replace("*", "x").replace("?", "x")


def is_subject(value: Value) -> bool:
    """Return whether a subject names whose it is: in `repo:ours/*`, though not in
    `repo:ours*`, which fits what others call themselves.
    """
    fixed = value.fixed
    for sign in "/|":
        fixed = fixed.replace(sign, ":")
    parts = fixed.split(":")
    is_closed = value.is_whole or fixed.endswith("}")  # Bitbucket: {id}*:*
    whole = parts if is_closed else parts[:-1]
    if whole and len(parts) > 1 and whole[0] in CHOSEN:
        return False
    return any(part not in KINDS for part in whole)


def conditions(statement: dict[str, Any]) -> Iterator[Condition]:
    """Yield each condition of a statement: a request meets all of them."""
    for operator, block in statement.get("Condition", {}).items():
        for key, values in block.items():
            texts = (
                str(value).lower() if isinstance(value, bool) else str(value)
                for value in as_list(values)
            )
            yield Condition(operator.lower(), key.lower(), tuple(texts), key)


def known_by(found: Iterable[Condition]) -> list[Condition]:
    """Return the conditions of which each shuts strangers out, for a part at least."""
    some = list(found)
    there = {
        one.key
        for one in some
        if (one.operator == "null" and one.values == ("false",))
        or not (one.operator == "null" or one.is_negated or one.passes_absent)
    }
    return [one for one in some if one.shuts_out(there)]


class Shut(NamedTuple):
    """Whom what is known of callers shuts out: strangers, by way of any issuer of
    tokens or of some.
    """

    everywhere: bool = False
    issuers: frozenset[str] = frozenset()

    @classmethod
    def by_all(cls, keys: Iterable[str]) -> Shut:
        """Return whom it shuts out that all of these are known."""
        some = set(keys)
        claims: dict[str, set[str]] = {}
        for issuer, claim in map(claim_of, some - KEYS.keys()):
            claims.setdefault(issuer, set()).add(claim)
        shut = (
            issuer
            for issuer, named in claims.items()
            if any(needed <= named for needed in needs(issuer))
        )
        return cls(bool(some & KEYS.keys()), frozenset(shut))

    @classmethod
    def by_any(cls, keys: Iterable[str]) -> Shut:
        """Return whom it shuts out that one of these is known, whichever."""
        claims = set(keys) - KEYS.keys()
        issuers = {claim_of(key)[0] for key in claims}
        each = all(cls.by_all([key]).issuers for key in claims)
        one = issuers if each and len(issuers) == 1 else ()
        return cls(not claims, frozenset(one))

    def from_issuer(self, issuer: str) -> bool:
        """Return whether strangers stay out whom it vouches for; empty: whom AWS does,
        which keeps the claims of their tokens.
        """
        if self.everywhere:
            return True
        return issuer in self.issuers if issuer else bool(self.issuers - {SENTINEL})


def admits_guests(found: Iterable[Condition]) -> bool:
    """Return whether guests of a pool of Cognito's come in, who only know its ID."""
    return any(
        one.key.endswith(":amr") and not one.is_negated and "unauthenticated" in value
        for one in found
        for value in one.values
    )


def needs(issuer: str) -> tuple[frozenset[str], ...]:
    """Return the claims of which one set is to be named."""
    if is_pool(issuer):
        return BY_POOL
    return CLAIMS.get(issuer, BY_SUBJECT)
