"""Providers that are reached over HTTP, one file each: its calls, its status table, the signature of its callbacks."""
