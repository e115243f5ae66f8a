"""Showing scenes: pictures and pages."""
