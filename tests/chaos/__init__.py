"""Deploys and rollbacks on a real control plane under kills and faults, by seed: `python -m tests.chaos --help`."""
