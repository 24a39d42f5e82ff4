"""The command line, and the only place where all parts meet.

`main.py` names the commands and loads them lazily; `parts.py` builds cluster, probes, journal and runner from the settings; one module
per group of commands prints text or JSON of the same views the screens show. Nothing here decides anything: rules live in
`console.domain` and `actions`.
"""
