"""Lists as files, for spreadsheets and scripts."""
