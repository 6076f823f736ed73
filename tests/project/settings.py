"""Plain Django settings for what runs inside the test process, and for the Django plugin of mypy.

They are written by hand on purpose: a fault in our own settings must fail the tests of it, not every test.
"""

SECRET_KEY = "not-secret-but-long-enough-for-every-check-of-django"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "tests.project.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "dj_core_utils.db",
    "tests.library",
    "tests.audit",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
# Nothing of the other apps, or their tests would count queries of ours.
AUDIT = {"include": ["audited.*"], "exclude": ["audited.Visit"]}
