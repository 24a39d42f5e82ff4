"""Themes: dark, light and one safe for colour-blind eyes; Textual's ANSI ones take the terminal's own colours."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="bluegreen-dark",
    primary="#5b9bd5",
    secondary="#7f8c99",
    accent="#5b9bd5",
    success="#5fbf77",
    warning="#e0a03c",
    error="#e5606b",
    foreground="#d8dee4",
    background="#11151a",
    surface="#161b21",
    panel="#1d242c",
    dark=True,
    variables={"slot-1": "#6cb0f5", "slot-2": "#6fce86", "quiet": "#8b96a1", "faint": "#56606a"},
)

LIGHT = Theme(
    name="bluegreen-light",
    primary="#1f5fa8",
    secondary="#5a6673",
    accent="#1f5fa8",
    success="#1b7a38",
    warning="#8f5a00",
    error="#b3202c",
    foreground="#1c2228",
    background="#fafbfc",
    surface="#f2f4f6",
    panel="#e4e8ec",
    dark=False,
    variables={"slot-1": "#0b57b0", "slot-2": "#1d6e35", "quiet": "#5d6873", "faint": "#9aa4ae"},
)

COLOUR_BLIND = Theme(
    name="bluegreen-colour-blind",
    primary="#56b4e9",
    secondary="#999999",
    accent="#56b4e9",
    success="#56b4e9",
    warning="#f0e442",
    error="#e8743b",
    foreground="#e6e6e6",
    background="#111111",
    surface="#181818",
    panel="#222222",
    dark=True,
    variables={"slot-1": "#56b4e9", "slot-2": "#cc9ad6", "quiet": "#9a9a9a", "faint": "#636363"},
)
"""Okabe and Ito's sky blue, yellow and vermilion: apart for every common kind of colour blindness, and in lightness."""

THEMES = (DARK, LIGHT, COLOUR_BLIND)
DEFAULTS = {"slot-1": "ansi_bright_blue", "slot-2": "ansi_bright_green", "quiet": "#808080", "faint": "#707070"}
"""Hues of the slots' titles, of what matters less and of what cannot be used, in themes that are not ours."""
OFFERED = (*(theme.name for theme in THEMES), "ansi-dark", "ansi-light", "textual-dark", "textual-light", "nord", "gruvbox")
