"""The controllers of the embedded API server: what kube-controller-manager does for Deployments, ReplicaSets, Jobs, EndpointSlices,
quotas, namespaces and owners. They run in the server's event loop and write through the same registry as every request."""
