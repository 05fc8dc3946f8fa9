"""Who saw and did what: an append-only chain that shows when somebody breaks it."""
