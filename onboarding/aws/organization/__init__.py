"""What Organizations answers: who belongs to it, and all of it page by page."""
