"""The whole program on whole clusters: real processes, real pods, real traffic, on the real control plane and on the embedded server."""
