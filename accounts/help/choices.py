"""What the choices in forms mean: a form has a line of it, and a link to the rest."""

from __future__ import annotations

from typing import cast

from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.help.topic import Topic

CHOICES = (
    Topic(
        "gate-sign-in",
        "How Bowline signs in to Gate",
        "Give Bowline an identity of its own, which may store and delete accounts.",
        (
            "An API token, from Spinnaker 2026.2: of a service account with a role of "
            "fiat.admin.roles.",
            "An account manager's token works, too, but it can neither see nor delete "
            "an account before Spinnaker has loaded it.",
            "A client certificate, on Gate's port for them: TLS must reach Gate.",
            "A username and a password: the one user of security.basicform, which does "
            "not work together with Fiat.",
            "Nothing: only where Gate lets everyone in.",
        ),
        words="token certificate basic robot",
    ),
    Topic(
        "gate-secrets",
        "Where the secret for Gate is read from",
        "A reference, env:NAME or file:/PATH, is stored, and never the secret.",
        (
            "Workers read it each time that they sign in, so a new token needs no "
            "change here.",
            "Bowline's operator allows the variables and the directory that can be "
            "named.",
            "A token or a password is sent only to hosts that the operator names.",
        ),
        words="token password environment file reference",
    ),
    Topic(
        "access-roles",
        "Access roles",
        "Bowline assumes the access role to read and change an account.",
        (
            "The role must trust Bowline's identity. The step Access shows the "
            "template and the commands that create it.",
            "Leave it empty only in the account that Bowline's own credentials belong "
            "to.",
            "AWS Organizations creates OrganizationAccountAccessRole in accounts that "
            "it creates, not in those that were invited. That role trusts only the "
            "management account.",
        ),
    ),
    Topic(
        "owners",
        "Accounts whose owner creates the roles",
        "Bowline changes nothing there. It hands off a template, and verifies.",
        (
            "Plan and approve as usual. Bowline then waits for the owner, looks by "
            "itself, and verifies the account once AWS shows the roles.",
            "The reader role lets Bowline read the roles, and change nothing. Without "
            "it the account is verified by the chain of roles, and its policies are "
            "not read.",
            "The managing account must be verified first: AWS refuses roles that "
            "trust an identity that does not exist.",
            "Bowline's own identity must be allowed to assume BowlineReader.",
        ),
    ),
    Topic(
        "managing-owners",
        "A managing account whose owner creates the roles",
        "Bowline hands off Spinnaker's identity and its policies, and only reads.",
        (
            "Plan and approve as usual. Bowline waits for the owner, then assumes "
            "Spinnaker's identity and reads that nothing is left to change.",
            "Where the accounts are listed, each new one waits until the owner has "
            "deployed the next version of the list.",
            "Where Spinnaker may assume every account of an AWS organization, the list "
            "never changes.",
            "Bowline's own identity must be allowed to assume BowlineReader and "
            "Spinnaker's identity. It needs no other right in the account.",
        ),
    ),
    Topic(
        "identities",
        "Identities of Spinnaker",
        "Spinnaker runs as one role or user of the managing account.",
        (
            "Bowline creates a role for an EC2 instance or for pods in EKS, or uses a "
            "role or user that exists.",
            "For pods, Bowline looks up the OIDC issuer of the cluster. Only pods of "
            "the service account that you name can assume the role.",
            "To an existing role or user, Bowline attaches its policies and changes "
            "nothing else.",
        ),
    ),
    Topic(
        "proofs",
        "Proofs",
        "A verification assumes Spinnaker's roles, as Spinnaker does.",
        (
            "For that, the trust policy of Spinnaker's identity must name Bowline.",
            "If Bowline may not assume the identity, it evaluates the policies "
            "instead. A person must then accept each account before a bundle holds it.",
        ),
    ),
    Topic(
        "roles",
        "Roles in each account",
        "Spinnaker assumes the managed role in every account and deploys with it.",
        (
            "The managed role has the same name in every account. Upper and lower "
            "case matter.",
            "The base role is the default role of the instances that Spinnaker "
            "launches. Bowline creates it, and its instance profile.",
        ),
    ),
    Topic(
        "lists",
        "Lists and organizations",
        "Spinnaker's identity may assume the accounts of a list, or of an "
        "organization.",
        (
            "List: each onboarding adds one line to a policy of the identity. AWS "
            "limits policies, so the list has a limit, which the managing account's "
            "page shows.",
            "Organization: one line covers all of its accounts, without a limit. The "
            "trust policy of each managed role still decides.",
            "To find the organization's id, run: aws organizations "
            "describe-organization.",
        ),
    ),
    Topic(
        "trusts",
        "Trust policies",
        "A managed role trusts Spinnaker's identity and nobody else.",
        (
            "If you name an organization, the role also requires that the identity "
            "belongs to it.",
        ),
    ),
    Topic(
        "boundaries",
        "Permissions boundaries",
        "A boundary limits what a role may do, whatever its policies allow.",
        (
            "Bowline sets it on every role that it creates. A policy of the same name "
            "must exist in each account.",
        ),
    ),
    Topic(
        "images",
        "Images",
        "Spinnaker bakes images with Packer, and shares them with other accounts.",
        (
            "To bake, Spinnaker's identity may start and stop instances, and create "
            "images, snapshots and key pairs.",
            "From an account that owns images, Spinnaker may share them with the "
            "accounts that it deploys to, and delete old ones.",
            "KMS keys: each account gets a grant on them with its next plan. The key's "
            "policy must allow that; the account's permissions page shows the "
            "statements.",
            "Images that are encrypted with AWS's own key cannot be shared.",
        ),
        words="bake packer ami kms",
    ),
    Topic(
        "account-names",
        "Account names",
        "People choose an account by its name when they deploy.",
        (
            "A name has up to 60 characters: a–z, 0–9 and “-”.",
            "If a name changes, recreate whatever uses it in Spinnaker.",
        ),
    ),
    Topic(
        "environments",
        "Environments",
        "An environment is a word that groups accounts.",
        (
            "Spinnaker shows it, and the overview groups accounts by it.",
            "An administrator decides for each environment whether the person who "
            "plans may also approve.",
        ),
    ),
    Topic(
        "spinnaker-permissions",
        "Permissions in Spinnaker",
        "Groups with read permission see an account. Groups with write permission "
        "deploy to it.",
        (
            "Spinnaker's Fiat knows the groups, and compares their names in lower "
            "case. Separate them by commas.",
            "Without any group, everyone who can sign in to Spinnaker has the "
            "permission.",
        ),
        words="roles read write fiat",
    ),
    Topic(
        "external-ids",
        "External IDs",
        "An external ID is a value that Spinnaker must send to assume a role.",
        (
            "Bowline creates one for each account. The managed role requires it, and "
            "bundles configure it.",
            "It does not work with ECS: Clouddriver does not send it there.",
        ),
    ),
    Topic(
        "existing-roles",
        "Existing roles",
        "A role that Bowline needs may already exist.",
        (
            "Keep it: Bowline leaves the role and its trust policy, and only adds "
            "policies.",
            "Otherwise Bowline stops there, and you delete the role or choose another "
            "name.",
        ),
    ),
    Topic(
        "access-levels",
        "Access levels",
        "Deploy allows what Spinnaker calls to deploy. Power user allows nearly "
        "everything.",
        (
            "With power user, anyone who may deploy can read every secret and delete "
            "every database.",
            "An account's permissions page compares the two.",
        ),
        words="deploy power user",
    ),
    Topic(
        "launch-templates",
        "Launch templates",
        "Spinnaker creates server groups from launch templates.",
        (
            "AWS accounts created since October 2024 cannot create launch "
            "configurations.",
            "Launch configurations are only required to clone or delete server groups "
            "that still use them. Without launch templates they are always on.",
        ),
    ),
    Topic(
        "role-paths",
        "Role paths",
        "Spinnaker may pass only the roles under an IAM path.",
        (
            "Create the roles of your instances, tasks and functions under the path. "
            "Instances may also have the base role.",
            "CloudFormation: only if pipelines deploy stacks. Every stack must then "
            "name a service role under the path, for example /spinnaker-cfn/.",
        ),
        words="passrole path cloudformation",
    ),
    Topic(
        "task-roles",
        "Task execution roles",
        "ECS starts a task with its execution role.",
        (
            "Bowline creates the role under the path of roles. Name it in your task "
            "definitions.",
            "On Fargate, a task without an execution role runs as the managed role. "
            "Anyone who may deploy can then use all of its permissions.",
        ),
        words="ecs fargate",
    ),
    Topic(
        "clusters",
        "Clusters",
        "Spinnaker's own identity gets access to each cluster. No external ID and no "
        "managed role take part.",
        (
            "View cannot deploy. Edit deploys, and reads the secrets of its "
            "namespaces. Admin also grants permissions in them.",
            "An access entry needs an authentication mode of the cluster that includes "
            "API. Otherwise you add the printed entry to its aws-auth.",
            "Each cluster is an account in Spinnaker.",
        ),
        words="eks kubernetes rights namespaces",
    ),
    Topic(
        "functions",
        "Functions",
        "Spinnaker deploys the code of functions only from S3.",
        (
            "KMS keys are this account's keys that encrypt environment variables of "
            "functions. Without any, Lambda uses AWS's own key.",
        ),
        words="lambda bucket",
    ),
)

BY_SLUG = {topic.slug: topic for topic in CHOICES}


def written(line: str, slug: str) -> SafeString:
    topic = BY_SLUG[slug]
    return format_html(
        '{}{}<a href="{}" target="_blank">More about {}<span class="visually-hidden"> '
        "(opens a new tab)</span></a>",
        line,
        " " if line else "",
        topic.url,
        topic.called,
    )


lazily_written = lazy(written, SafeString)


def more(line: str, slug: str) -> str:
    """Help of a field: a line, and a link to the topic that says the rest. The link
    opens a new tab, so that what was filled in stays.
    """
    assert slug in BY_SLUG, slug
    return cast(str, lazily_written(line, slug))
