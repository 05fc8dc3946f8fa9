"""The practice's web application. Nothing is built here yet; see the README for what works today."""
