"""The reference engine: evolves populations of small individuals on any number of workers, which share nothing but the tables."""

import os
import platform

ARITHMETIC = {
    "x86_64": {"OPENBLAS_CORETYPE": "Haswell", "NPY_ENABLE_CPU_FEATURES": "X86_V3"},
    "aarch64": {"OPENBLAS_CORETYPE": "NEOVERSEN1"},
}
"""By architecture, the instructions that OpenBLAS and numpy use. By themselves they use all that the processor has, and with others they
round otherwise: of one seed, `cma-es` bred another champion where there is AVX-512 or SVE. Every x86-64 processor with AVX2 (from 2013 on)
and every Graviton of Fargate's (Neoverse N1 and later) has these."""

# They are read when numpy is imported, so this comes first; what the environment says would be one more thing that a champion depends on.
# With more threads, a sum's last bit would depend on how many cores there are.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", **ARITHMETIC.get(platform.machine(), {})}


class EngineError(Exception):
    """The engine can't do what it was asked to do. The message says what, why, and what to do."""
