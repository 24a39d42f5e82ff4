"""Nodes that make pods real: each container is a process on this machine, and what the API server is told of it is true.

Runs against any API server that speaks the Kubernetes API for nodes, pods and events. Pure rules live in modules of their own (backoff,
probe_rules, environment, images, scheduling, status); processes in zygote and runtime; one pod's life in pod.py and container.py.
"""
