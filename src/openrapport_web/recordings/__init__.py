"""Uploads, sessions and their transcripts, analyses, reports, marks and shares."""
