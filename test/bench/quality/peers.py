"""BM3D, non-local means, wavelets and total variation on the crops of data.py; each is told the true sigma.

    python peers.py <folder>
Writes <folder>/peers.json: mean PSNR in dB and SSIM after clipping to 0..1, and CPU seconds a megapixel (one process).
"""

import json
import os
import pathlib
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import bm3d
import numpy as np
import skimage.restoration as restoration
from skimage.metrics import structural_similarity

METHODS = {
    "none": lambda z, s: z,
    "BM3D": bm3d.bm3d_rgb,
    "non-local means": lambda z, s: restoration.denoise_nl_means(
        z, h=0.6 * s, sigma=s, patch_size=5, patch_distance=6, fast_mode=True, channel_axis=2
    ),
    "wavelets (BayesShrink)": lambda z, s: restoration.denoise_wavelet(
        z, sigma=s, method="BayesShrink", mode="soft", convert2ycbcr=True, channel_axis=2, rescale_sigma=True
    ),
    "total variation": lambda z, s: restoration.denoise_tv_chambolle(z, weight=0.8 * s, channel_axis=2),
}


def read(path: pathlib.Path) -> np.ndarray:
    return np.fromfile(path, np.float32).reshape(256, 256, 3).astype(np.float64)


def main() -> None:
    test = pathlib.Path(sys.argv[1]) / "test"
    names = sorted(p.stem for p in test.glob("*.f32") if p.stem.count(".") == 0)
    rows = []
    for method, denoise in METHODS.items():
        for sigma in (15, 25, 50):
            scores, start = [], time.process_time()
            for name in names:
                clean = read(test / f"{name}.f32")
                result = np.clip(denoise(read(test / f"{name}.{sigma}.f32"), sigma / 255), 0, 1)
                psnr = 10 * np.log10(1 / ((result - clean) ** 2).mean())
                scores.append((psnr, structural_similarity(clean, result, channel_axis=2, data_range=1)))
            seconds = (time.process_time() - start) / (len(names) * 0.065536)
            psnr, ssim = np.mean(scores, axis=0)
            rows.append({"name": method, "sigma": sigma, "psnr": psnr, "ssim": ssim, "secondsPerMegapixel": seconds})
            print(rows[-1], flush=True)
    (pathlib.Path(sys.argv[1]) / "peers.json").write_text(json.dumps(rows))


main()
