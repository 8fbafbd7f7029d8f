"""`make report`: what a preview planned, as one page for a reviewer and one summary for a pull request.

Each module is one part of it, as pure functions over the plan; `pages` puts them together.
"""

import sys
from pathlib import Path

# The pack's modules are top-level, because it is published alone.
POLICY = str(Path(__file__).resolve().parents[2] / "policy")
if POLICY not in sys.path:
    sys.path.append(POLICY)
