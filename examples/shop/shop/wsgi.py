"""What a WSGI server runs: ``gunicorn shop.wsgi``."""

import os

from dj_core_utils.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

# In place of Django's function of the same name: a configuration that cannot be used ends in its report, not in a
# traceback, and tells the server not to try again.
application = get_wsgi_application()
