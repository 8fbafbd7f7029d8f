"""What every process of tests/apart.py has imported when it is forked, by its first import of this module: the SDK with the AWS services of
both programs. Their layers aren't, for a test may run another checkout's; the modules that read the tables are, by local/."""

from __future__ import annotations

import gc

from local import lifecycle
from local.imports import import_services
from local.projects import PROJECTS

gc.disable()  # as in a run
for project in PROJECTS.values():
    import_services(lifecycle.previews.ROOT / project.modules)
gc.freeze()
gc.enable()
