"""Who speaks, how much, and when: steps on words and times."""
