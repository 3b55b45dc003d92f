"""Photographs for docs/quality.md: to teach with, and to measure on. Everything comes through apt and pip.

    python data.py <folder>
Makes <folder>/taught/*.jpg (at most 1500 pixels a side), <folder>/test/<name>.f32 (clean crops, 256 x 256 x 3,
float32 in 0..1) and <folder>/test/<name>.<sigma>.f32 (the same with Gaussian noise, not clipped).
"""

import pathlib
import subprocess
import sys

import numpy as np
import skimage
from PIL import Image

PACKAGES = ["lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04", "mate-backgrounds", "plasma-workspace-wallpapers", "ukui-wallpapers"]
# Photographs among the drawings, by the beginning of the path below the folder of their package.
TAUGHT = """Dragonfly_by Fossa_by Infinite-Sea Kleiber_by Picture_0B Picture_1A Wine_by friends_by greentock_by
picosdeeuropa_by seeding_by sunset_by umang_by mate/nature/Aqua mate/nature/Blinds mate/nature/Dune mate/nature/Garden
mate/nature/GreenMeadow mate/nature/RainDrops mate/nature/TwoWings mate/nature/Wood mate/nature/YellowFlower
Autumn/ BytheWater/ ColorfulCups/contents/images DarkestHour/ Kite/ OneStandsOut/ Path/ summer_1am/ calla city desert
goldfish the-mouse string rhythm""".split()
HELD_OUT = "aitzgorri_by life_by Bridge_by mate/nature/LadyBird mate/nature/Storm EveningGlow/ FallenLeaf/".split()
BUNDLED = ["astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg"]
SIGMAS = (15, 25, 50)


def unpack(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True)
    for package in PACKAGES:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    for deb in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", deb.name, "x"], cwd=folder, check=True)


def find(folder: pathlib.Path, names: list[str]) -> list[pathlib.Path]:
    share = folder / "x/usr/share"
    files = sorted(p for root in ("backgrounds", "wallpapers") for p in (share / root).rglob("*") if p.is_file())
    found = []
    for name in names:
        starts = [p for p in files if str(p.relative_to(share).as_posix()).split("/", 1)[1].startswith(name)]
        starts = [p for p in starts if p.suffix in (".jpg", ".png") and "screenshot" not in p.name]
        found.append(max(starts, key=lambda p: p.stat().st_size))
    return found


def load(path: pathlib.Path) -> Image.Image:
    image = Image.open(path).convert("RGB")
    longest = max(image.size)
    if longest > 1500:
        image = image.resize([round(side * 1500 / longest) for side in image.size], Image.LANCZOS)
    return image


def crop(image: Image.Image) -> np.ndarray:
    """Of three random places the one with the most detail."""
    pixels = np.asarray(image)
    random = np.random.RandomState(1)
    places = [(random.randint(0, pixels.shape[0] - 255), random.randint(0, pixels.shape[1] - 255)) for _ in range(3)]
    crops = [pixels[y : y + 256, x : x + 256] for y, x in places]
    return max(crops, key=lambda c: np.abs(np.diff(c.astype(float), axis=0)).mean()).astype(np.float32) / 255


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    packages = out / "packages"
    if not packages.exists():
        unpack(packages)
    for part in ("taught", "test"):
        (out / part).mkdir(exist_ok=True)
    for index, path in enumerate(find(packages, TAUGHT)):
        load(path).save(out / "taught" / f"{index:02d}.jpg", quality=97, subsampling=0)
    bundled = pathlib.Path(skimage.__file__).parent / "data"
    for path in find(packages, HELD_OUT) + [bundled / name for name in BUNDLED]:
        name = (path.parts[-4] if "contents" in path.parts else path.stem).lower()
        clean = crop(load(path))
        clean.tofile(out / "test" / f"{name}.f32")
        for sigma in SIGMAS:
            seed = sigma * 1000 + sum(map(ord, name))
            noise = np.random.RandomState(seed).randn(*clean.shape) * sigma / 255
            (clean + noise).astype(np.float32).tofile(out / "test" / f"{name}.{sigma}.f32")


main()
