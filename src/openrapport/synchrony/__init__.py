"""How two people grow alike or apart, beside what chance would give where order plays a part."""
