"""The right fit: what matters to a client, who could offer it, and why."""
