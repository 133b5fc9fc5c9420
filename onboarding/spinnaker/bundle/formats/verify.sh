#!/usr/bin/env bash
# Verifies that Spinnaker's identity can become the managed role of each account, and
# reaches each cluster. It changes nothing and shows no credential.
#
# On the host or in the pod that runs Clouddriver it verifies that there. Elsewhere it sends
# itself into Clouddriver's pod by kubectl, whose current context is used.
#
# It answers 0 when every check passed, and another number if any failed.

if [ -z "${BASH_VERSION:-}" ]; then
  command -v bash >/dev/null 2>&1 && exec bash "$0" "$@"
  echo "$0 needs bash, and there is none here." >&2
  exit 1
fi
{ set +x; } 2>/dev/null # a trace would show credentials
set -uo pipefail

case " $* " in
  *" -h "* | *" --help "*)
    echo "Usage: verify.sh [--namespace NAME] [--in deploy/NAME] [ACCOUNT…]"
    echo "Verifies the named accounts, or all. It changes nothing and shows no credential."
    echo "Run it where Clouddriver runs, or where kubectl reaches Clouddriver's pod:"
    echo "deploy/clouddriver or deploy/spin-clouddriver in spinnaker, unless you say where."
    exit 0
    ;;
esac

namespace=spinnaker
pods=(deploy/clouddriver deploy/spin-clouddriver)
while [ "$#" -gt 1 ]; do
  case $1 in
    --namespace) namespace=$2 ;;
    --in) pods=("$2") ;;
    *) break ;;
  esac
  shift 2
done
chosen=("$@")
passed=0
failed=0
script=${BASH_SOURCE[0]:-}
errors=$(mktemp)
config=$(mktemp)
region=""
trap 'rm -f -- "$errors" "$config"' EXIT

success() {
  passed=$((passed + 1))
  echo "$1: passed. $2"
}

failure() {
  failed=$((failed + 1))
  echo "$1: FAILED. $2" >&2
}

said() {
  tr -s '[:space:]' ' ' <"$errors"
}

is_chosen() {
  local name
  [ "${#chosen[@]}" -eq 0 ] && return 0
  for name in "${chosen[@]}"; do
    [ "$name" = "$1" ] && return 0
  done
  return 1
}

# identity ARN ACCOUNT_ID NAME: this host must be Spinnaker, or nothing is verified here
identity() {
  local me
  if ! command -v aws >/dev/null 2>&1; then
    in_pod "There is no aws command here."
  elif ! me=$(aws sts get-caller-identity --region "$region" --query Arn --output text 2>"$errors"); then
    in_pod "AWS does not know this host: $(said)"
  fi
  case $me in
    "$1" | "arn:"*":sts::$2:assumed-role/$3/"*) echo "This host is $me." ;;
    *) in_pod "This host is $me, and Spinnaker runs as $1." ;;
  esac
}

# in_pod WHY: runs this script in Clouddriver's pod instead, and ends as it does there
in_pod() {
  local pod
  if [ ! -f "$script" ] || ! command -v kubectl >/dev/null 2>&1; then
    echo "$1 Run this where Clouddriver runs, or where kubectl reaches its pod." >&2
    exit 1
  fi
  for pod in "${pods[@]}"; do
    if kubectl --namespace "$namespace" get "$pod" >/dev/null 2>"$errors"; then
      echo "$1 So $pod in namespace $namespace verifies it."
      kubectl --namespace "$namespace" exec -i "$pod" -- \
        bash -s -- ${chosen[@]+"${chosen[@]}"} <"$script"
      exit
    fi
  done
  echo "$1 kubectl does not reach Clouddriver's pod either: $(said)" >&2
  echo "Say where it is: verify.sh --namespace NAME --in deploy/NAME" >&2
  exit 1
}

# assume ROLE_ARN EXTERNAL_ID SESSION_NAME: asks as Clouddriver does and prints the credentials
assume() {
  local external=()
  [ -n "$2" ] && external=("--external-id=$2")
  aws sts assume-role --region "$region" --role-arn "$1" "--role-session-name=$3" \
    ${external[@]+"${external[@]}"} --output text \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' 2>"$errors"
}

# account NAME ACCOUNT_ID ROLE_ARN EXTERNAL_ID [SESSION_NAME]
account() {
  local keys secret answer session=${5:-Spinnaker}
  is_chosen "$1" || return 0
  if ! keys=$(assume "$3" "$4" "$session"); then
    failure "$1" "Spinnaker cannot become $3: $(said)"
    return 0
  fi
  secret=${keys#*$'\t'}
  if ! answer=$(
    unset AWS_PROFILE AWS_DEFAULT_PROFILE
    export AWS_ACCESS_KEY_ID="${keys%%$'\t'*}"
    export AWS_SECRET_ACCESS_KEY="${secret%%$'\t'*}"
    export AWS_SESSION_TOKEN="${secret#*$'\t'}"
    aws sts get-caller-identity --region "$region" --query Account --output text 2>"$errors"
  ); then
    failure "$1" "As $3, AWS does not say who one is: $(said)"
  elif [ "$answer" != "$2" ]; then
    failure "$1" "$3 leads into account $answer, not into $2."
  elif [ -n "$4" ] && assume "$3" "$4-wrong" "$session" >/dev/null; then
    failure "$1" "$3 takes a wrong external ID too: its trust policy asks for none."
  elif [ -n "$4" ] && ! grep -q AccessDenied "$errors"; then
    failure "$1" "It is not known whether $3 refuses a wrong external ID: $(said)"
  else
    success "$1" "Spinnaker becomes $3 in account $answer."
  fi
}

# cluster NAME [NAMESPACE…] <KUBECONFIG: asks the cluster what it allows
cluster() {
  local name=$1 place where
  shift
  is_chosen "$name" || return 0
  if ! command -v kubectl >/dev/null 2>&1; then
    failure "$name" "There is no kubectl here to ask the cluster with."
    return 0
  fi
  cat >"$config"
  for place in "${@:---all-namespaces}"; do
    where=(--namespace "$place")
    [ "$place" = --all-namespaces ] && where=(--all-namespaces)
    if ! kubectl --kubeconfig "$config" --request-timeout 30s \
      auth can-i list pods "${where[@]}" </dev/null >/dev/null 2>"$errors"; then
      failure "$name" "Spinnaker may not list pods (${where[*]}): $(said)"
      return 0
    fi
  done
  success "$name" "Spinnaker may list pods in the cluster."
}

# the accounts

echo "$passed passed, $failed failed."
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
