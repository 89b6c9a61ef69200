"""Owns how a picture of the report looks: one panel per run, drawn by matplotlib without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure

from tests.bench.report import Picture

WIDTH_IN, HEIGHT_IN, DPI = 12.0, 4.5, 110
COLOURS = ("#1f5fa8", "#c4541a", "#2f7d4f", "#7a4fa3", "#8a8a1f", "#444444")


def drawn(pictures: Sequence[tuple[int, Picture]]) -> bytes:
    """A PNG with one panel per run, on the same scale; `pictures` are (run, picture) and not empty."""
    whole = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, layout="constrained")
    panels = whole.subplots(1, len(pictures), sharex=True, sharey=True, squeeze=False)[0]
    for panel, (run, picture) in zip(panels, pictures, strict=True):
        _fill(panel, picture, f"{picture.title} (run {run})")
    told = BytesIO()
    whole.savefig(told, format="png")
    return told.getvalue()


def _fill(panel: Any, picture: Picture, title: str) -> None:
    for place, curve in enumerate(picture.curves):
        marker = "o" if len(curve.xs) <= 40 else None
        colour = COLOURS[place % len(COLOURS)]
        panel.plot(curve.xs, curve.ys, label=curve.label, color=colour, marker=marker, markersize=3, linewidth=1.4)
    if picture.limit is not None:
        draw = panel.axvline if picture.limit_on == "x" else panel.axhline
        draw(picture.limit, color="#b00020", linestyle="--", linewidth=1.0, label="budget")
    if picture.log_x:
        panel.set_xscale("log")
    panel.set_title(title, fontsize=10)
    panel.set_xlabel(picture.x_label)
    panel.set_ylabel(picture.y_label)
    panel.grid(visible=True, alpha=0.3)
    panel.legend(fontsize=8)
