"""The web application: thin Django apps that carry what the core computes."""
