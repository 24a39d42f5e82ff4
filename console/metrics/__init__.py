"""Asks Prometheus for the figures of a slot, and says what each answer is worth.

One adapter around prometheus-api-client (`prometheus`), pure functions around it: `query` fills queries in, `classify`
judges answers. Whether a figure is good or bad is not decided here.
"""
