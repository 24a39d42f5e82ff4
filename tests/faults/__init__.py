"""A fault layer in front of a real API server: what a network, a proxy or an overloaded server does to requests, by seed, and counted.

async with fault_proxy(plane.endpoint, folder) as proxy:
    kubeconfig = write_kubeconfig(folder / "k", proxy.endpoint, "operator", namespace)
    proxy.weather = Weather(seed=7, rate=0.2)
"""
