"""Asks the application how it is: health checks at its URLs, or at its pods through the API server.

Only asking and naming what came back lives here. Counting is `console.domain.health`; what a failure means for a run is
decided by the actions. No environment variable changes what is asked: probes go straight to where the settings point.
"""
