"""Files that run code where a loader lets them; each would make a file called `pwned`."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch

CANARY = "pwned"


class Bomb:
    """Touches the canary when unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return _touch, (CANARY,)


def _touch(name: str) -> None:
    Path(name).touch()


def files() -> dict[str, bytes]:
    """Contents by kind."""
    bomb = pickle.dumps(Bomb())
    return {
        "pickle": bomb,
        "pickle, protocol 0": pickle.dumps(Bomb(), protocol=0),
        "joblib": _saved(lambda buffer: joblib.dump(Bomb(), buffer)),
        "torch .pt": _saved(lambda buffer: torch.save({"state": Bomb()}, buffer)),
        "Lightning .ckpt": _saved(lambda buffer: torch.save({"state_dict": {}, "callbacks": Bomb()}, buffer)),
        "numpy .npy": _saved(lambda buffer: np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)),
        "numpy .npz": _saved(lambda buffer: np.savez(buffer, x=np.array([Bomb()], dtype=object))),
        "pandas .pkl": _saved(lambda buffer: pd.DataFrame({"x": [Bomb()]}).to_pickle(buffer, compression=None)),
        "Keras .keras": _zip({"config.json": _keras(), "metadata.json": "{}"}),
        "Keras .h5": b"\x89HDF\r\n\x1a\n" + bomb,
        "MLmodel": b"flavors:\n  python_function:\n    loader_module: os\n    code: code\n    data: pwned\n",
        "YAML": b"!!python/object/apply:os.system ['touch pwned']\n",
        "Parquet with a pickled type": _parquet(bomb),
        "safetensors, endless header": struct.pack("<Q", 2**60) + b"{}",
        "safetensors, code for a header": struct.pack("<Q", len(bomb)) + bomb,
        "JSON": json.dumps({"__reduce__": ["os.system", "touch pwned"], "_target_": "os.system"}).encode(),
        "CSV formula": b"=cmd|' /C calc'!A0,y\n1,2\n2,3\n3,5\n",
    }


def _saved(save: Any) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def _zip(parts: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return buffer.getvalue()


def _keras() -> str:
    code = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}}
    return json.dumps({"module": "keras", "class_name": "Sequential", "config": {"layers": [code]}})


def _parquet(bomb: bytes) -> bytes:
    field = pa.field(
        "y",
        pa.float64(),
        metadata={b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": bomb},
    )
    content = pa.Table.from_arrays([pa.array([1.0, 2.0, 4.0])] * 2, schema=pa.schema([field.with_name("x"), field]))
    return _saved(lambda buffer: pq.write_table(content, buffer))
