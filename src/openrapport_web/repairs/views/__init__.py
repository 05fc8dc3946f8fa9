"""Pages on alerts, private words, the gap and repairs."""
