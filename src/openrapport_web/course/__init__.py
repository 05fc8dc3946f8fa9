"""A client's course to look at: charts, the therapist's today, one page for a review together."""
