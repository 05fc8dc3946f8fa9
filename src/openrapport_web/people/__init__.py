"""Accounts, roles, supervision links, invitations, and the practice itself."""
