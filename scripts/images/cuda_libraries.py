"""Load what torch and CTranslate2 need of CUDA, inside of the CUDA image; no card is needed.

Prints a line for each check, and ends with an error at the first that fails.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path

OF_THE_DRIVER = {"libcuda.so.1"}
"""Libraries that come with the driver, which the NVIDIA Container Toolkit puts into the container."""
FOR_INFINIBAND = {"libcufile_rdma.so.1"}
LOADED = ("libcublas.so.12", "libcublasLt.so.12", "libcublas.so.13", "libcudnn.so.9")
PACKAGES = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"


def expect(what: str, *, holds: bool) -> None:
    """Print what holds, or end with it.

    Raises:
        SystemExit: it does not hold.
    """
    if not holds:
        raise SystemExit(f"This does not hold: {what}")
    print(what)


def unresolved(library: Path) -> set[str]:
    """Libraries that `library` needs and the system's linker does not find."""
    listed = subprocess.run(  # noqa: S603 - a file of the image
        ["/usr/bin/ldd", str(library)], capture_output=True, text=True, check=True
    )
    return set(re.findall(r"^\s*(\S+) => not found", listed.stdout, re.MULTILINE))


def main() -> None:
    """Check that libraries load, that none lacks another, and that both engines answer.

    Raises:
        SystemExit: something does not hold.
    """
    import ctranslate2
    import torch

    cuda = torch.version.cuda
    expect(f"torch {torch.__version__} is built for CUDA {cuda}", holds=bool(cuda))
    names = [*LOADED, *(path.name for path in PACKAGES.glob("nvidia/cudnn/lib/libcudnn_*.so.9"))]
    for name in names:
        ctypes.CDLL(name)
    expect(f"{len(names)} libraries load by their names: {', '.join(names)}", holds=True)
    libraries = [
        *PACKAGES.glob("torch/lib/*.so"),
        *PACKAGES.glob("nvidia/cudnn/lib/*.so.*"),
        *PACKAGES.glob("nvidia/cu*/lib/libcu[bfrs]*.so.*"),
        *PACKAGES.glob("ctranslate2.libs/*"),
    ]
    lacking = {
        path.name: lacks
        for path in libraries
        if path.name not in FOR_INFINIBAND and (lacks := unresolved(path) - OF_THE_DRIVER)
    }
    expect(f"{len(libraries)} libraries lack {lacking or 'nothing'}", holds=not lacking)
    expect(f"torch loads cuDNN {torch.backends.cudnn.version()}", holds=True)
    counts = torch.cuda.device_count(), ctranslate2.get_cuda_device_count()
    expect(f"torch and CTranslate2 count {counts} graphics cards", holds=counts == (0, 0))


if __name__ == "__main__":
    main()
