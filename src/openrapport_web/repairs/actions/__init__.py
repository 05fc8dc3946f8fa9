"""Changes to alerts, private words and repairs: checked, made and recorded in one transaction."""
