"""Django's own commands, for development: ``python -m openrapport_web.manage makemigrations``."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrapport_web.settings")
    execute_from_command_line(sys.argv)
