"""Write this machine's settings of pip as they are to be inside of a container.

    python3 scripts/images/pip_settings.py URL SERVED TARGET

Folders of this machine are linked below SERVED, which a server at URL offers; TARGET gets `pip.conf`
and, where the machine has constraints, `pip-constraints.txt`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

KEPT = ("index-url", "extra-index-url", "find-links", "trusted-host", "default-timeout")


def machine_settings() -> dict[str, str]:
    """Pip's settings on this machine from files and from the environment, which takes precedence."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    settings: dict[str, str] = {}
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    return settings


def offered(place: str, url: str, served: Path) -> str:
    """The address of `place`, a URL or a folder here, as seen from a container."""
    parts = urlsplit(place)
    folder = Path(parts.path)
    if parts.scheme not in {"", "file"} or not folder.is_dir():
        return place
    # The pages of an index point to files beside it.
    root = folder.parent if folder.name == "simple" else folder
    link = served / str(root).strip("/").replace("/", "-")
    if not link.exists():
        link.symlink_to(root)
    inside = folder.relative_to(root).as_posix()
    return f"{url}/{link.name}/" + ("" if inside == "." else inside)


def main(url: str, served: Path, target: Path) -> None:
    """Write the settings, and link what they name."""
    settings = machine_settings()
    lines = ["[global]", "cert = /etc/ssl/certs/ca-certificates.crt"]
    for name in KEPT:
        if value := settings.get(name):
            places = " ".join(offered(place, url, served) for place in value.split())
            lines.append(f"{name} = {places}")
    if constraints := settings.get("constraint"):
        text = "".join(Path(file).read_text() for file in constraints.split())
        (target / "pip-constraints.txt").write_text(text)
        lines.append("constraint = /etc/pip-constraints.txt")
    (target / "pip.conf").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
