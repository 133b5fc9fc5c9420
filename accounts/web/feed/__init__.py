"""The feed: what Clouddriver pulls, and the page that sets it up."""
