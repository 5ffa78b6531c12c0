"""Write docs/permissions.md: ask every page of the admin for every group of staff."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEST = "tests/admin/test_permission_table.py"


def main() -> int:
    """Run the test that checks the table, and let it write."""
    environment = os.environ | {"WRITE_PERMISSIONS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", TEST, "-q"], cwd=ROOT, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
