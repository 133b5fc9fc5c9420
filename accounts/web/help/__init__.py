"""Help on the page that it explains, and all of it on one page."""
