"""Pages of goals, agenda, tasks and decisions, for the two and nobody else."""
