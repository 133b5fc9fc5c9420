"""settings-local.js: what Deck, Spinnaker's browser side, needs."""

from __future__ import annotations

import json

from onboarding.spinnaker.entries import Entries

HEAD = """\
// Deck reads this after its own settings.js. Written by Bowline.
(function (settings) {
  // Sets one value and keeps those next to it.
  function set(path, value) {
    var names = path.split(".");
    var last = names.pop();
    var place = names.reduce(function (parent, name) {
      parent[name] = parent[name] || {};
      return parent[name];
    }, settings);
    place[last] = value;
  }
"""
TAIL = "})((window.spinnakerSettings = window.spinnakerSettings || {}));\n"


def settings_js(entries: Entries, *, whole: bool) -> str:
    """Write the settings; without `whole`, only what hal itself does not write."""
    lines = [
        f"  set({json.dumps(path)}, {json.dumps(value)});"
        for path, value in settings(entries, whole=whole).items()
    ]
    return HEAD + "\n".join(lines) + "\n" + TAIL if lines else ""


def settings(entries: Entries, *, whole: bool) -> dict[str, str | bool]:
    said: dict[str, str | bool] = {}
    if any(entry.lambda_enabled for entry in entries.aws):
        said["feature.functions"] = True
        said["feature.lambdaAdditionalStages"] = True
    if any(entry.launch_templates for entry in entries.aws):
        said["providers.aws.serverGroups.enableLaunchTemplates"] = True
    if entries.aws:
        said["providers.aws.defaults.iamRole"] = entries.base_role
    if whole and entries.aws:
        first = entries.aws[0]
        said["providers.aws.defaults.account"] = first.name
        said["providers.aws.defaults.region"] = first.regions[0]
    if whole and entries.ecs:
        first_ecs = entries.ecs[0]
        regions = {entry.name: entry.regions[0] for entry in entries.aws}
        said["providers.ecs.defaults.account"] = first_ecs.name
        said["providers.ecs.defaults.region"] = regions[first_ecs.aws_account]
    if whole and entries.kubernetes:
        said["providers.kubernetes.defaults.account"] = entries.kubernetes[0].name
    return said
