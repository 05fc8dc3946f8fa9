"""The command line: every capability of the core as one verb."""
