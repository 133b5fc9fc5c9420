"""Bundles: the list; building one, its page with its files, the zip itself; and which
one Spinnaker has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from accounts.discover.comparisons import refuse_changed
from accounts.http import Request, attachment, page_of
from accounts.lists.bundles import BUNDLES, ahead, installed_bundle, matching_bundles
from accounts.models import Bundle, ManagedAccount, Spinnaker
from accounts.people.doors import operator_required
from accounts.spinnaker.bundles import (
    MOST_CHARACTERS,
    README,
    download,
    install,
    new_bundle,
    text_of,
)
from accounts.spinnaker.next_bundle import broken, files_in_words
from accounts.spinnaker.policies_of_others import of_bundle
from accounts.spinnaker.presence import left_by
from accounts.web.crumbs import crumbs
from accounts.web.help.views import markdown
from accounts.web.highlighting import highlighted_file
from accounts.web.live.views import live_bundle, live_site, watched
from accounts.web.posts import one_of, post
from accounts.web.role_limits import everywhere
from accounts.web.spinnaker.views import run_by_now
from onboarding.spinnaker.bundle.contents import ACCOUNTS, accounts_in
from onboarding.spinnaker.bundle.limits import Load, limits, load_of
from onboarding.spinnaker.bundle.readme import WAYS, ShellCommand, Way, next_commands


class Leaf(NamedTuple):
    name: str
    path: str


class Folder(NamedTuple):
    name: str
    total: int
    """Files in it, at any depth."""
    is_open: bool
    files: tuple[Leaf, ...]
    folders: tuple[Folder, ...]


def tree(paths: Sequence[str], current: str, most: int) -> Folder:
    """Lay out the first paths; open the first folder, and those of the current file.

    What a folder counts are all its files, laid out or not.
    """
    counts = Counter(folder for path in paths for folder in folders_of(path))
    shown = sorted(paths, key=lambda path: ("/" in path, path))[:most]
    first = [f"{path.split('/')[0]}/" for path in shown if "/" in path][:1]
    return folder("", shown, counts, {*first, *folders_of(current)})


def folders_of(path: str) -> list[str]:
    parents = [str(parent) for parent in PurePosixPath(path).parents]
    return [f"{parent}/" for parent in parents if parent != "."]


def folder(
    place: str, paths: Iterable[str], counts: Counter[str], opened: set[str]
) -> Folder:
    inside = [path for path in paths if path.startswith(place)]
    leaves = [path for path in inside if "/" not in path[len(place) :]]
    names = dict.fromkeys(
        path[len(place) :].split("/")[0] for path in inside if path not in leaves
    )
    return Folder(
        name=PurePosixPath(place).name,
        total=counts[place],
        is_open=place in opened,
        files=tuple(Leaf(PurePosixPath(path).name, path) for path in leaves),
        folders=tuple(
            folder(f"{place}{name}/", inside, counts, opened) for name in names
        ),
    )


BELOW = 2
"""The levels of headings that the page around it has."""

MARKDOWN = markdown().disable(["autolink", "image", "link", "reference"])


def readable(text: str) -> SafeString:
    """Write Markdown as HTML; what is HTML in it stays text."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + BELOW, 6)}"
    return mark_safe(str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})))


FORMAT_SENTENCES = {
    "hal/": "Scripts that configure Halyard, check the configuration, or undo it.",
    "clouddriver/": (
        "Complete configuration files for Clouddriver, Orca, and Deck, for any "
        "installation without Halyard."
    ),
    "kustomize/": (
        "A component for spinnaker-kustomize that mounts those files next to yours."
    ),
    "operator/": "A patch for the Spinnaker Operator's SpinnakerService.",
    "kubernetes/": (
        "A kubeconfig without secrets for each EKS cluster, and the access that the "
        "cluster must allow."
    ),
    "aws/": "The roles and policies of each account, for review or to recreate them.",
    "verify.sh": "Tests each account and cluster from the host that Spinnaker runs on.",
    "manifest.json": "Lists the accounts, and every file with its SHA-256.",
}


class Installation(NamedTuple):
    """A way to run Spinnaker, and the commands that come next."""

    way: Way
    commands: tuple[ShellCommand, ...]


def formats(paths: Sequence[str]) -> dict[str, str]:
    """Explain the formats that these files are of."""
    return {
        start: says
        for start, says in FORMAT_SENTENCES.items()
        if any(path.startswith(start) for path in paths)
    }


def installations(
    filename: str, paths: Iterable[str], first: str = ""
) -> Iterator[Installation]:
    """Yield the ways that the bundle's files serve, and those that need no bundle; the
    one that was said first.
    """
    known = set(paths)
    folders = {path.split("/")[0] for path in known if "/" in path}
    for way in sorted(WAYS, key=lambda one: one.key != first):
        if not way.folder or way.folder in folders:
            yield Installation(way, tuple(next_commands(way, filename, known)))


def bundles(request: Request) -> HttpResponse:
    live = watched(request, live_site())
    installed = installed_bundle()
    page = page_of(request, matching_bundles(request.GET))
    shown = {
        "live": live,
        "page": page,
        "filters": BUNDLES.values(request.GET),
        "is_filtered": bool(BUNDLES.said(request.GET)),
        "statuses": Bundle.Status.values,
        "ready": ManagedAccount.objects.ready().count(),
        "chooses": broken()[1].exists(),
        "installed": installed,
        "ahead": ahead(installed),
        "spinnaker": Spinnaker.objects.exists(),
        **everywhere(request, "a bundle"),
    }
    return render(request, "bundles/bundles.html", shown)


MOST_FILES = 500
"""The most files in the tree; the others are in the zip."""

MOST_EARLIER = 10
"""How many earlier bundles it can be compared with in one click."""


def bundle(request: Request, number: int, path: str = "") -> HttpResponse:
    """Show a bundle, once it is built: how to install it, or what another tab has."""
    bundle = get_object_or_404(Bundle.objects.defer("archive"), number=number)
    asked = "files" if path else request.GET.get("tab", "")
    tab = asked if asked in TABS else INSTALL
    shown = {
        "live": watched(request, live_bundle(bundle)),
        "bundle": bundle,
        "crumbs": crumbs("bundles"),
        "count": bundle.accounts.count(),
        "installed": installed_bundle(),
        "readme": reverse("accounts:bundle-file", args=[number, README]),
        "tab": tab,
        **everywhere(request, "a bundle"),
    }
    if bundle.status == Bundle.Status.READY:
        if bundle != shown["installed"]:
            shown["left"] = left_by(bundle)
        shown |= TABS[tab](request, bundle, path or README)
    return render(request, "bundles/bundle.html", shown)


def install_tab(request: Request, bundle: Bundle, path: str) -> dict[str, Any]:
    """Say what comes next, the way that Spinnaker is run first."""
    paths = [file["path"] for file in bundle.files]
    said = run_by_now()
    return said | {
        "formats": formats(paths),
        "installations": list(installations(bundle.filename, paths, said["run_by"])),
        "others": of_bundle(bundle.accounts.all()),
    }


def accounts_tab(request: Request, bundle: Bundle, path: str) -> dict[str, Any]:
    rows = bundle.accounts.defer("verified").order_by("name")
    return {"page": page_of(request, rows)}


def changes_tab(request: Request, bundle: Bundle, path: str) -> dict[str, Any]:
    earlier = Bundle.objects.built().light().filter(number__lt=bundle.number)
    return {"earlier": earlier[:MOST_EARLIER], "files": files_in_words(bundle)}


def files_tab(request: Request, bundle: Bundle, path: str) -> dict[str, Any]:
    return {
        "tree": tree([file["path"] for file in bundle.files], path, MOST_FILES),
        "more_files": max(len(bundle.files) - MOST_FILES, 0),
        "wrap": "wrap" in request.GET,
        **opened(bundle, path, as_text="text" in request.GET),
    }


def load_tab(request: Request, bundle: Bundle, path: str) -> dict[str, Any]:
    """Say how close its accounts come to what Spinnaker can carry."""
    sizes = {file["path"]: file["size"] for file in bundle.files}
    if ACCOUNTS not in sizes:
        return {"limits": []}
    load = Load(**bundle.load) if bundle.load else load_of(accounts_in(bundle.archive))
    return {"limits": list(limits(load, sizes))}


INSTALL = "install"
TABS: Mapping[str, Callable[[Request, Bundle, str], dict[str, Any]]] = {
    INSTALL: install_tab,
    "accounts": accounts_tab,
    "changes": changes_tab,
    "files": files_tab,
    "load": load_tab,
}
"""Each tab's own part of the page, by its name in the URL."""


def opened(bundle: Bundle, path: str, *, as_text: bool) -> dict[str, Any]:
    """Show one file; 404 where the bundle has none of that path."""
    listed, text = text_of(bundle, path)
    part = text[:MOST_CHARACTERS]
    is_markdown = path.endswith(".md")
    shown = {"file": listed, "excluded": len(text) - len(part), "reads": is_markdown}
    if is_markdown and not as_text:
        return shown | {"readable": readable(part)}
    return shown | {"code": highlighted_file(path, part)}


@operator_required
def bundle_download(request: Request, number: int) -> HttpResponse:
    row = get_object_or_404(Bundle.objects.built().light(), number=number)
    return attachment(*download(row, request.user), "application/zip")


def read(posted: QueryDict) -> dict[str, list[str]]:
    """Read which broken accounts to add, unless what was read is no longer so."""
    refuse_changed(posted.get("read"))
    return {"add_broken": posted.getlist("add")}


def preview() -> str:
    """Lead to what the next bundle changes, where there can be one."""
    ready = ManagedAccount.objects.ready().exists()
    return "accounts:bundle-next" if ready else "accounts:bundles"


posts = [
    post(
        "bundles/build/", new_bundle, name="bundle-build", given=read, refused=preview
    ),
    post(
        "bundles/<int:number>/installed/",
        install,
        name="bundle-installed",
        find=one_of(Bundle.objects.light()),
        given=lambda posted, _: {"answer": posted.get("answer", "")[:100]},
        said="{0} is marked as installed.",
    ),
]
