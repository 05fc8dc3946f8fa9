"""What is fast, what is right, and how to see it again: ``python -m benchmarks``."""
