"""Where templates are, and what they know."""

from pathlib import Path
from typing import TYPE_CHECKING

from dj_core_utils.settings.section import Section
from dj_core_utils.settings.security import CSP_SINCE
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_BACKEND = "django.template.backends.django.DjangoTemplates"
_PROCESSORS = "django.template.context_processors"


class TemplateSettings(Section):
    """Leaves of Django's template engine."""

    enable_templates: bool = variable(
        True,
        name="ENABLE_TEMPLATES",
        feeds="TEMPLATES",
        description="Whether there is a template engine; an API that answers in JSON alone needs none.",
    )
    template_dirs: list[Path] = variable(
        [Path("templates")],
        name="TEMPLATE_DIRS",
        feeds="TEMPLATES",
        description="Folders of templates, searched before those of the apps; relative to the project's folder.",
        example="templates",
    )
    template_context_processors: list[str] = variable(
        [],
        name="TEMPLATE_CONTEXT_PROCESSORS",
        feeds="TEMPLATES",
        description="Context processors of the project, added to those of the enabled parts.",
    )

    def render(self, context: "RenderContext") -> dict[str, object]:
        """One engine, or none.

        Args:
            context: The project's folder, Django's version and which parts are enabled.
        """
        engine = {
            "BACKEND": _BACKEND,
            "DIRS": [str(context.project_dir / folder) for folder in self.template_dirs],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": self._processors(context)},
        }
        return {**super().render(context), "TEMPLATES": [engine] if self.enable_templates else []}

    def _processors(self, context: "RenderContext") -> list[str]:
        settings = context.settings
        has_policy = bool(settings.security.csp or settings.security.csp_report_only)
        ours = {
            f"{_PROCESSORS}.debug": settings.debug,
            f"{_PROCESSORS}.request": True,
            f"{_PROCESSORS}.csp": has_policy and context.django_version >= CSP_SINCE,
            "django.contrib.auth.context_processors.auth": True,
            "django.contrib.messages.context_processors.messages": settings.apps.enable_messages,
        }
        enabled = [name for name, is_on in ours.items() if is_on]
        return list(dict.fromkeys([*enabled, *self.template_context_processors]))
