"""Questionnaires and what their answers say: scores, reliability, change, alerts, congruence."""
