"""What a person is shown, as frozen values: pure functions from a snapshot and the runs to words, marks and lines.

Standard library only. A view never decides an action and never hides a lack of knowledge: what is not known is `?`.
"""
