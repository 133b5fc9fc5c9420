"""The activity log as a page: who decided what, when, and on which account."""
