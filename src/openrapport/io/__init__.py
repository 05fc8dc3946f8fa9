"""Files in and out: the only part of the core that touches a disk."""
