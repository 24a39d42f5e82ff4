"""The example application: *frontend* and *backend* of a small trading service, as an operator would meet it on a real cluster.

Configured by environment variables alone (settings.py). It knows nothing of the rehearsal around it, imports nothing of the console,
and would run unchanged in a container.
"""
