"""The command line.

`commands` is `yaynay` and finds the module of each subcommand: `ask`, `own_table`, `upkeep`, `reproduce`. `app` starts
the four commands that Hydra composes; `checks`, `conf_files` and `pipeline` say what may be asked of it. `project` says
whose configuration and code are used, and `exits` how every command ends.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    # before NumPy starts: products here are small and many, and cores are used by processes
    os.environ.setdefault(_name, "1")
