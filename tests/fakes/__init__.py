"""Stand-ins for the outside world that obey its rules: a cluster with resource versions and conflicts, scripted probes, a clock.

They are shipped for every test that drives the engine or an action. Rules that they cannot obey are proved on the real API server.
"""
