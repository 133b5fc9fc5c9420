"""Lists of pages and of the API: their filters, what a row says, and lists as files."""
