"""The console: a Textual App that shows what the desk tells and asks the desk for what a person wants.

May live here: the App, the Desk protocol, themes, the palette, what binds screens to data. May not: clients, the journal, procedures.
"""

import os

os.environ.setdefault("TEXTUAL_FPS", "120")  # read when textual is imported: halves the time from key to paint
