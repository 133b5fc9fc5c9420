"""One search over accounts, runs, bundles and pages, as a page and as a palette."""
