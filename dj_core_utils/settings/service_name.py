"""Names of services: parts of variables, cache keys, tokens and host names."""

import re
from typing import Annotated

from pydantic import AfterValidator

from dj_core_utils.settings.errors import refuse

# As long as a label of DNS, and a name in Kubernetes.
SERVICE_NAME = r"[a-z][a-z0-9_-]{0,62}"
SERVICE_NAME_FORM = "the name of a service has at most 63 small letters, digits, - and _, and begins with a letter."


def _service_name(name: str) -> str:
    if not re.fullmatch(SERVICE_NAME, name):
        refuse("service.name", SERVICE_NAME_FORM, "such as users")
    return name


ServiceName = Annotated[str, AfterValidator(_service_name)]
