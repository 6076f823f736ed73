"""What an ASGI server runs: ``uvicorn shop.asgi:application``."""

import os

from dj_core_utils.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

# In place of Django's function of the same name: see wsgi.py.
application = get_asgi_application()
