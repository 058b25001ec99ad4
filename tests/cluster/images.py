"""How an image is made where there is no registry and no docker: a docker-archive, written byte for byte the same."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Image:
    """What an image is: its name with a tag, its layers (tar files, lowest first), and how it is started."""

    name: str
    layers: Sequence[Path]
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    user: str = ""
    env: Mapping[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin"})

    def write(self, file: IO[bytes]) -> None:
        """Write it as a docker-archive, which ``ctr images import`` takes; ``file`` may be a pipe."""
        digests = [_digest(layer) for layer in self.layers]
        config = json.dumps(self._config(digests), sort_keys=True).encode()
        named = hashlib.sha256(config).hexdigest() + ".json"
        tars = [f"{digest}.tar" for digest in digests]
        manifest = [{"Config": named, "RepoTags": [self.name], "Layers": tars}]
        with tarfile.open(fileobj=file, mode="w|") as out:
            add(out, named, config)
            for name, layer in zip(tars, self.layers, strict=True):
                with layer.open("rb") as source:
                    out.addfile(entry(name, layer.stat().st_size), source)
            add(out, "manifest.json", json.dumps(manifest).encode())

    def _config(self, digests: Sequence[str]) -> dict[str, object]:
        runs = {
            "Entrypoint": list(self.entrypoint) or None,
            "Cmd": list(self.command) or None,
            "Env": [f"{key}={value}" for key, value in self.env.items()],
            "User": self.user,
            "WorkingDir": "/",
        }
        return {
            "architecture": "amd64",
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": runs,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        }


def entry(name: str, size: int = 0, mode: int = 0o755, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """A tar entry of root's that says nothing of when or where it was made."""
    made = tarfile.TarInfo(name)
    made.size, made.mode, made.type = size, mode, kind
    return made


def add(out: tarfile.TarFile, name: str, data: bytes, mode: int = 0o755) -> None:
    """Add a file."""
    out.addfile(entry(name, len(data), mode), io.BytesIO(data))


def layer(file: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    """Write a layer with these files and symbolic links, and the folders that every image needs."""
    with tarfile.open(file, "w") as out:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
            out.addfile(entry(folder, 0, mode, tarfile.DIRTYPE))
        for name, data in sorted(files.items()):
            add(out, name, data)
        for name, target in sorted((links or {}).items()):
            made = entry(name, kind=tarfile.SYMTYPE)
            made.linkname = target
            out.addfile(made)
    return file


def _digest(file: Path) -> str:
    made = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            made.update(chunk)
    return made.hexdigest()
