"""What an utterance does: coders, what their codes are worth, and what follows from codes."""
