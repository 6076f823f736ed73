"""How the documentation is built: Markdown, checked for dead links, every warning an error."""

from importlib.metadata import version as version_of

project = "dj_core_utils"
author = "The authors of dj_core_utils"
version = release = version_of("dj-core-utils")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = project
html_show_sourcelink = False
html_show_copyright = False
pygments_style = "default"
