"""Checks on the application model: who may do what, and whether that is asked."""
