"""Everything that talks to a Kubernetes API server, and the only place that knows a Kubernetes client library.

Credentials, transport, decoding, watching and writing live here. No rule of deploying does: what to write and when belongs
to plans, what a fact means belongs to `console.domain`. Importing this package alone imports no client library.
"""
