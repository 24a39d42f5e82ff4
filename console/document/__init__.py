"""YAML files in which every value knows its line and column, and the parsers that turn them into values.

Both the settings and the runbooks are read through here, so that every mistake in a file names its place and its remedy.
Knows nothing of what the files mean.
"""
