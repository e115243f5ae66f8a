"""The studio's HTTP API: routes, what requests depend on, and security."""
