"""Tests of the audit log, and the app whose models they record."""
