"""Listening tests: a page that plays recordings without saying which is which, and what its answers amount to."""
