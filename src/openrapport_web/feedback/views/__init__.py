"""Pages of forms: the way to them, sending them, the practice's tablet, paper."""
