"""The words of the console as frozen values, and the pure functions over them.

Nothing here awaits, reads a clock, opens a file or imports anything but the standard library: times come in as fields of
what was observed, so every rule can be tested as facts in, verdict out.
"""
