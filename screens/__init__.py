"""What the console draws. Screens know views, messages and the runbook catalogue; never a client, a port, the desk or the journal.

Data comes down by `show(...)`, wishes go up as messages.
"""
