"""The door for WSGI servers."""

import subprocess
import sys

from django.conf import settings

COUNT = "import gc; from config.wsgi import application; print(gc.get_freeze_count(), len(gc.get_objects()))"


def test_what_is_loaded_is_not_looked_at_for_garbage_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )

    kept, looked_at = map(int, done.stdout.split())
    assert kept > 50_000
    assert looked_at < kept / 100
