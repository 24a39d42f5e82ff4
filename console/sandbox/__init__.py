"""The rehearsal environment: API servers, controllers, nodes and traffic that run on loopback and stop with their owner.

May import console.cluster (client, watch) and console.domain; only console.cli imports it. Nothing here is used on a real cluster.
"""
