"""The AWS organization: read in slices and kept, its accounts described as drafts."""
