"""Load on one URL: `async with LoadGenerator(url, rate=200).run() as load: ...; load.report()`.

Every single failure is counted, by kind and by who answered; nothing is hidden that a user would have noticed.
"""

from __future__ import annotations

from console.sandbox.loadgen.generator import Expectation, LoadGenerator
from console.sandbox.loadgen.report import Outcome, Report, Sample

__all__ = ["Expectation", "LoadGenerator", "Outcome", "Report", "Sample"]
