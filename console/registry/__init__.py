"""Asks image registries for the digest of a tag (the OCI distribution API's HEAD on a manifest), so that a release is immutable.

Everything here is best effort: a registry that does not answer leaves the tag, and the plan says so.
"""
