"""Runs runbooks: observe, plan, journal the intent, act, verify, journal the result.

Knows ports (`ports.py`), actions by their interface (`action.py`) and the journal. It must not import a Kubernetes, HTTP
or metrics client, nor anything of the screen.
"""
