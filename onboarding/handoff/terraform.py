"""A hand-off as Terraform: modules without providers, and a root that calls them.

In JSON's syntax each string is a template, too. So `${` and `%{` of policies are
escaped, and only what is written here is looked up by Terraform.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onboarding.partitions import Arn
from onboarding.resources.kinds import (
    OWNER,
    OWNER_TAG,
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    KeyGrant,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.policy import Policy
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.cloudformation.template import logical_id
from onboarding.topology import Managed, Managing

FOLDER = "terraform"
IAM = "iam"
"""The module of all that has no region."""
VERSIONS = {
    "required_version": ">= 1.5",
    "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}},
}
HERE = "${data.aws_caller_identity.here.account_id}"
TAGS = {OWNER_TAG: OWNER}
SENT = re.compile(r'"sts:ExternalId":(?:\[[^]]*\]|"(?:[^"\\]|\\.)*")')
"""A condition on the external ID; those that Bowline makes hold no bracket."""
LINKED = (
    "The services for which Terraform creates the service-linked role, if the account "
    "doesn't have it."
)


def terraform_files(
    managing: Managing, managed: Managed, resources: Sequence[Resource]
) -> Iterator[File]:
    """Yield a module of IAM, one for each region of the rest, and their root; nothing
    where there is nothing to create: Terraform takes no module without a resource.
    """
    parts: dict[str, list[Resource]] = {IAM: []}
    for one in resources:
        place = one.region if isinstance(one, ClusterAccess | KeyGrant) else IAM
        parts.setdefault(place, []).append(one)
    modules = [Module(name, managing, managed, p) for name, p in parts.items() if p]
    if not modules:
        return
    for module in modules:
        yield file(f"{module.name}/main.tf.json", module.document())
    home, names = managing.aws.home_region, [module.name for module in modules]
    yield file("main.tf.json", root(managed.account_id, home, names))
    imports = [block for module in modules for block in module.imports()]
    yield file("imports.tf.json.example", {"import": imports})


def file(path: str, document: Any) -> File:
    return File(f"{FOLDER}/{path}", json.dumps(document, indent=2) + "\n")


def root(account_id: str, home: str, names: list[str]) -> dict[str, Any]:
    """Call each module with a provider that refuses every other account."""
    regions = {name: home if name == IAM else name for name in names}
    providers = [
        {"alias": region, "region": region, "allowed_account_ids": [account_id]}
        for region in dict.fromkeys(regions.values())
    ]
    modules: dict[str, dict[str, Any]] = {
        name: {"source": f"./{name}", "providers": {"aws": f"aws.{region}"}}
        for name, region in regions.items()
    }
    for name in names[1:] if IAM in names else ():
        modules[name]["depends_on"] = [f"module.{IAM}"]
    return {
        "terraform": VERSIONS,
        "provider": {"aws": providers},
        "module": modules,
    }


@dataclass(frozen=True, slots=True)
class Block:
    """A resource as Terraform declares it, and the id by which it is imported."""

    kind: str
    name: str
    arguments: Mapping[str, Any]
    found_by: str


@dataclass(frozen=True, slots=True)
class Module:
    """What one module creates; the account's own id and external ID are looked up."""

    name: str
    managing: Managing
    managed: Managed
    resources: Sequence[Resource]

    def document(self) -> dict[str, Any]:
        linked = [r.name for r in self.resources if isinstance(r, ServiceLinkedRole)]
        roles = [one for one in self.resources if isinstance(one, Role)]
        variables: dict[str, Any] = {}
        if self.managed.external_id and roles:
            # Terraform takes a default literally: it is no template.
            default = self.managed.external_id
            variables["external_id"] = {"type": "string", "default": default}
        made: dict[str, dict[str, Any]] = {}
        for block in self.blocks():
            given = {name: value for name, value in block.arguments.items() if value}
            made.setdefault(block.kind, {})[block.name] = given
        if linked:
            variables["service_linked_roles"] = {
                "type": "set(string)",
                "default": [],
                "description": f"{LINKED} Spinnaker needs {', '.join(linked)}.",
            }
            made["aws_iam_service_linked_role"] = {
                "needed": {
                    "for_each": "${var.service_linked_roles}",
                    "aws_service_name": "${each.value}",
                }
            }
        return {
            "terraform": VERSIONS,
            **({"variable": variables} if variables else {}),
            "data": {"aws_caller_identity": {"here": {}}},
            "resource": made,
        }

    def imports(self) -> Iterator[dict[str, str]]:
        """Yield a block for each resource, for those that exist already; none for a
        grant on a key, which only AWS can name.
        """
        for block in self.blocks():
            if block.found_by:
                to = f"module.{self.name}.{block.kind}.{block.name}"
                yield {"to": to, "id": block.found_by}

    def blocks(self) -> Iterator[Block]:
        """Yield what is declared. No policy has a description, which Terraform could
        change only by replacing the policy.
        """
        for resource in self.resources:
            name = logical_id(resource, self.resources)
            match resource:
                case Role():
                    arguments: dict[str, Any] = {
                        "name": escaped(resource.name),
                        "path": escaped(resource.path),
                        "description": escaped(resource.description),
                        "assume_role_policy": self.policy(resource.trust),
                        "permissions_boundary": self.own(resource.boundary),
                        "tags": TAGS,
                    }
                    yield Block("aws_iam_role", name, arguments, resource.name)
                case ManagedPolicy():
                    arguments = {
                        "name": escaped(resource.name),
                        "path": escaped(resource.path),
                        "policy": self.policy(resource.document),
                        "tags": TAGS,
                    }
                    path = f"policy{resource.path}{resource.name}"
                    found = self.managing.arn("iam", resource.account, path)
                    yield Block("aws_iam_policy", name, arguments, found)
                case OidcProvider():
                    arguments = {
                        "url": escaped(f"https://{resource.name}"),
                        "client_id_list": [resource.audience],
                        "tags": TAGS,
                    }
                    path = f"oidc-provider/{resource.name}"
                    found = self.managing.arn("iam", resource.account, path)
                    kind = "aws_iam_openid_connect_provider"
                    yield Block(kind, name, arguments, found)
                case Attachment(holder=holder, to_user=True):
                    arguments = {
                        "user": escaped(holder),
                        "policy_arn": self.attached(resource),
                    }
                    found = f"{holder}/{resource.policy_arn}"
                    kind = "aws_iam_user_policy_attachment"
                    yield Block(kind, name, arguments, found)
                case Attachment(holder=holder):
                    arguments = {
                        "role": self.role(holder),
                        "policy_arn": self.attached(resource),
                    }
                    found = f"{holder}/{resource.policy_arn}"
                    kind = "aws_iam_role_policy_attachment"
                    yield Block(kind, name, arguments, found)
                case InlinePolicy(role=holder):
                    arguments = {
                        "name": escaped(resource.policy),
                        "role": self.role(holder),
                        "policy": self.policy(resource.document),
                    }
                    found = f"{holder}:{resource.policy}"
                    yield Block("aws_iam_role_policy", name, arguments, found)
                case InstanceProfile():
                    arguments = {
                        "name": escaped(resource.name),
                        "role": self.role(resource.role),
                        "tags": TAGS,
                    }
                    kind = "aws_iam_instance_profile"
                    yield Block(kind, name, arguments, resource.name)
                case ClusterAccess():
                    yield from self.access(name, resource)
                case KeyGrant():
                    arguments = {
                        "name": escaped(resource.mark),
                        "key_id": self.own(resource.key_arn),
                        "grantee_principal": self.own(resource.grantee),
                        "operations": list(resource.operations),
                    }
                    yield Block("aws_kms_grant", name, arguments, "")
                case _:
                    assert isinstance(resource, ServiceLinkedRole), resource.kind

    def access(self, name: str, resource: ClusterAccess) -> Iterator[Block]:
        of = {
            "cluster_name": escaped(resource.cluster),
            "principal_arn": self.own(resource.principal),
        }
        found = f"{resource.cluster}:{resource.principal}"
        yield Block("aws_eks_access_entry", name, {**of, "tags": TAGS}, found)
        scope: dict[str, Any] = {"type": "cluster"}
        if resource.namespaces:
            namespaces = [escaped(one) for one in resource.namespaces]
            scope = {"type": "namespace", "namespaces": namespaces}
        arguments = {
            **of,
            "policy_arn": escaped(resource.policy_arn),
            "access_scope": scope,
            "depends_on": [f"aws_eks_access_entry.{name}"],
        }
        kind = "aws_eks_access_policy_association"
        found = f"{resource.cluster}#{resource.principal}#{resource.policy_arn}"
        yield Block(kind, name, arguments, found)

    def role(self, name: str) -> str:
        """Refer to a role of this module, so that it is created first, or name it."""
        for one in self.resources:
            if isinstance(one, Role) and one.name == name:
                return f"${{aws_iam_role.{logical_id(one, self.resources)}.name}}"
        return escaped(name)

    def attached(self, attachment: Attachment) -> str:
        wanted = Arn.of(attachment.policy_arn).resource
        for one in self.resources:
            own = isinstance(one, ManagedPolicy) and f"policy{one.path}{one.name}"
            if own == wanted:
                return f"${{aws_iam_policy.{logical_id(one, self.resources)}.arn}}"
        return self.own(attachment.policy_arn)

    def own(self, text: str) -> str:
        """Put a lookup in the place of the account's own id."""
        return escaped(text).replace(self.managed.account_id, HERE)

    def policy(self, policy: Policy) -> str:
        """Write a policy with a lookup in the place of the external ID, too."""
        text = self.own(policy.text)
        external_id = self.managed.external_id
        if not external_id:
            return text
        quoted = self.own(json.dumps(external_id, ensure_ascii=False))
        return SENT.sub(
            lambda found: found[0].replace(quoted, "${jsonencode(var.external_id)}"),
            text,
        )


def escaped(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")
