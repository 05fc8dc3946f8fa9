"""Clients, episodes of care, meetings, notes and consents."""
