"""Pages about clients, episodes, meetings, notes, consents and calendars."""
