"""`make report`: a preview as a page for a reviewer and as a summary for a pull request.

Each module makes one part, with pure functions of the plan. `pages` renders them.
"""

import sys
from pathlib import Path

# The pack's modules are top-level, because it is published alone.
POLICY = str(Path(__file__).resolve().parents[1] / "policy")
if POLICY not in sys.path:
    sys.path.append(POLICY)
