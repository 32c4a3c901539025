"""Charts as pictures of an address of their own: `<img src=…>`, drawn by pygal without script, font or outside file.

A picture tells nothing to a screen reader: put the same numbers in a table beside it, and say so in `alt`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from shared.web.context import Text

COLOURS = {"good": "#14663a", "bad": "#b3261e", "waiting": "#c77700", "info": "#1f4373", "brand": "#0f6674"}
"""By kinds as states have them; each has at least 3:1 against white (WCAG 2.2, 1.4.11)."""
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
INK, MUTED = "#1c2b30", "#50626a"
MOST_LABELS = 12


@dataclass(frozen=True)
class Series:
    """A row of numbers: its name, its kind (a key of COLOURS) and a value for each label; None where unknown."""

    name: Text
    kind: str
    values: Sequence[int | float | None]


def bar_chart(title: Text, labels: Sequence[str], series: Sequence[Series]) -> Response:
    """Bars side by side for each label, as an SVG picture."""
    import pygal

    chart = pygal.Bar(_config(len(labels)), style=_style(series), title=str(title))
    chart.x_labels = list(labels)
    step = max(1, -(-len(labels) // MOST_LABELS))
    chart.x_labels_major = list(labels)[::step]
    for one in series:
        chart.add(str(one.name), list(one.values))
    chart.add_xml_filter(_without_script)
    response = Response(chart.render(), content_type="image/svg+xml")
    response.headers["Cache-Control"] = "private, max-age=60"
    # pygal draws with a style element of its own; as a picture nothing in it can run or load anything.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def _without_script(root: Any) -> Any:
    """pygal writes its settings into a script even where no script is to read them."""
    for parent in list(root.iter()):
        for child in [one for one in parent if str(one.tag).endswith("script")]:
            parent.remove(child)
    return root


def _config(labels: int) -> Any:
    from pygal import Config

    return Config(
        js=(),
        width=960,
        height=360,
        explicit_size=False,
        show_minor_x_labels=False,
        truncate_label=-1,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        margin=12,
        margin_bottom=44,  # otherwise the legend is cut
        no_data_text="—",
        include_x_axis=True,
        order_min=0,  # whole numbers at the axis: labels have no decimals
        value_formatter=lambda value: f"{value:,.0f}".replace(",", " "),
        x_label_rotation=0 if labels <= 31 else 45,
        print_values=False,
        disable_xml_declaration=False,
    )


def _style(series: Sequence[Series]) -> Any:
    from pygal.style import Style

    return Style(
        background="#ffffff",
        plot_background="#ffffff",
        foreground=INK,
        foreground_strong=INK,
        foreground_subtle=MUTED,
        opacity="1",
        opacity_hover="1",
        transition="0s",
        colors=tuple(COLOURS[one.kind] for one in series),
        font_family=FONT,
        title_font_family=FONT,
        legend_font_family=FONT,
        label_font_family=FONT,
        major_label_font_family=FONT,
        value_font_family=FONT,
        title_font_size=18,
        legend_font_size=15,
        label_font_size=13,
        major_label_font_size=13,
        guide_stroke_color="#d3dcde",
        major_guide_stroke_color="#d3dcde",
    )
