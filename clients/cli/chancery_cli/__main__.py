from __future__ import annotations

from chancery_cli.main import main

main()
