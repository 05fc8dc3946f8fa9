"""Pages about what was brought in from a meeting and what was found in it."""
