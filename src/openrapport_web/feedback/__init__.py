"""Asking both people: forms, answers, links, reminders, and what an answer about safety sets off."""
