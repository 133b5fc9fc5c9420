"""The overview: which account may assume which, and what needs attention."""
