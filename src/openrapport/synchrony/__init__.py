"""How two people grow alike or apart, always beside what chance would give."""
