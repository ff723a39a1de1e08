"""Attacks that once went through, or that must never: each test is the attack itself."""
