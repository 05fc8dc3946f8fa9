"""Access for programs: tokens of people, and the API under /api/v1 that they open."""
