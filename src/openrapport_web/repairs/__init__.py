"""Noticing strain and going through it to repair: alerts, private words, repairs."""
