#!/usr/bin/env python
"""Django's command line, for operators."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from assistant.local import environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    environment.adopt(sys.argv[1:], Path(__file__).resolve().parent / "var")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as fault:  # it says which variable, and what to write: where it was read helps nobody
        sys.exit(str(fault))
