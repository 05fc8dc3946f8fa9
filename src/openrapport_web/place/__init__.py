"""The client's own place: what is held, who saw it, taking it along, having it deleted."""
