"""Takes the libraries, the C headers and the licences out of a TensorFlow wheel; the rest is not needed.

unpack-tensorflow.py WHEEL FOLDER MEMBER...
"""

import os
import re
import shutil
import sys
import zipfile

HEADERS = re.compile(
    r"tensorflow/include/("
    r"tensorflow/c/|tensorflow/core/platform/ctstring|(tensorflow/)?tsl/platform/ctstring|"
    r"(xla/|tensorflow/)?tsl/c/|external/local_tsl/tsl/(platform/ctstring|c/)"
    r").*\.h$"
)
LICENCES = (".dist-info/LICENSE", ".dist-info/licenses/LICENSE", "THIRD_PARTY_NOTICES.txt")


def place(name, members):
    """Where a member of the wheel goes, or None."""
    if name in members:
        return os.path.join("lib", os.path.basename(name))
    if HEADERS.match(name):
        return os.path.join("include", name[len("tensorflow/include/") :])
    if name.endswith(LICENCES):
        return os.path.basename(name)
    return None


def main(wheel, folder, *members):
    with zipfile.ZipFile(wheel) as archive:
        missing = set(members) - set(archive.namelist())
        if missing:
            sys.exit("not in the wheel: " + ", ".join(sorted(missing)))
        for name in archive.namelist():
            to = place(name, members)
            if to is None:
                continue
            target = os.path.join(folder, to)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with archive.open(name) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)


main(*sys.argv[1:])
