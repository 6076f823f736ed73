"""How the documentation is built: Markdown, checked for dead links, every warning an error."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

from pygments.lexers import BashLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "dj_core_utils"
author = "The authors of dj_core_utils"
version = release = version_of("dj-core-utils")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True
# What a program prints is any text, such as an apostrophe that no quote follows; it is coloured as far as it goes.
suppress_warnings = ["misc.highlighting_failure"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = project
html_show_sourcelink = False
html_show_copyright = False
pygments_style = "default"


def setup(app: Sphinx) -> None:
    """Colour ``.env`` files like a shell script: Pygments has no lexer of their own."""
    app.add_lexer("dotenv", BashLexer)
