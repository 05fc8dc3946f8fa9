"""What the two work on together: goals, agenda, tasks and decisions."""
