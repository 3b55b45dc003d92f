"""The any-size net of electron/engine/nets/any-size.ts and its training step, in PyTorch (channels_last, CPU).

A peer for `uphill bench --python`: it is told on standard input what to time, and answers with milliseconds.
    setup <batch> <side> <channels> <threads> <float32|bfloat16>   ->  ready <torch version>
    train | apply                                                  ->  <milliseconds>
The work is the same as ours in every part: noise, forward, BCE by patch, backward, clipping, Muon and Adam, average.
"""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

WIDTHS, BLOCKS = (48, 64, 96), (1, 1, 2)


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.b = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x):
        return x + self.b(F.relu(self.a(x)))


class AnySizeNet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = 4 * channels
        self.register_buffer("basis", torch.linalg.qr(torch.randn(inner, inner))[0].view(inner, inner, 1, 1))
        self.head = nn.Conv2d(inner, WIDTHS[0], 3, padding=1, bias=False)
        self.down = nn.ModuleList(nn.Sequential(*[Residual(w) for _ in range(b)]) for w, b in zip(WIDTHS, BLOCKS))
        pairs = list(zip(WIDTHS, WIDTHS[1:]))
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=False) for a, b in pairs)
        self.grow = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2, bias=False) for a, b in pairs)
        self.up = nn.ModuleList(nn.Sequential(*[Residual(w) for _ in range(b)]) for w, b in zip(WIDTHS[:-1], BLOCKS))
        self.tail = nn.Conv2d(WIDTHS[0], inner, 3, padding=1, bias=False)

    def forward(self, noisy):
        z = F.pixel_unshuffle(noisy, 2).contiguous(memory_format=torch.channels_last)
        h = self.head(F.conv2d(z, self.basis) * 8)
        skips = []
        for level, blocks in enumerate(self.down):
            h = blocks(h)
            if level < len(self.shrink):
                skips.append(h)
                h = self.shrink[level](h)
        for level in reversed(range(len(self.up))):
            h = self.up[level](self.grow[level](h) + skips[level])
        return z - 0.1 * F.conv2d(self.tail(h), self.basis.transpose(0, 1))


class Muon:
    def __init__(self, parameters):
        self.parameters = parameters
        self.momenta = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self, rate):
        for p, m in zip(self.parameters, self.momenta):
            m.mul_(0.95).add_(p.grad)
            x = p.grad.add(m, alpha=0.95).reshape(p.shape[0], -1)
            tall = x.shape[0] > x.shape[1]
            x = (x.t() if tall else x) / (x.norm() + 1e-12)
            for _ in range(4):
                a = x @ x.t()
                x = 3.4445 * x + (-4.775 * a + 2.0315 * (a @ a)) @ x
            p.add_((x.t() if tall else x).reshape(p.shape), alpha=-rate)


class Peer:
    def __init__(self, batch, side, channels, threads, precision):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.net = AnySizeNet(channels).to(memory_format=torch.channels_last)
        ends = [*self.net.head.parameters(), *self.net.tail.parameters()]
        known = set(map(id, ends))
        self.adam = torch.optim.Adam(ends, lr=1e-3, betas=(0.9, 0.99))
        self.muon = Muon([p for p in self.net.parameters() if id(p) not in known])
        self.averages = [p.detach().clone() for p in self.net.parameters()]
        self.clean = torch.rand(batch, channels, side, side).contiguous(memory_format=torch.channels_last)
        self.sigma = torch.full((batch, 1, 1, 1), 0.1)
        self.autocast = precision == "bfloat16"

    def estimate(self, noisy):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.autocast):
            return self.net(noisy)

    def train(self):
        noisy = self.clean + self.sigma * torch.randn_like(self.clean)
        p = self.estimate(noisy).float().clamp(0.02, 0.98)
        target = F.pixel_unshuffle(self.clean, 2)
        by_patch = F.binary_cross_entropy(p, target, reduction="none").mean((1, 2, 3))
        inside = target.clamp(0.02, 0.98)
        least = F.binary_cross_entropy(inside, target, reduction="none").mean((1, 2, 3))
        loss = 0.06 * (F.relu(by_patch - least) + 1e-5).log().mean()
        self.net.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.adam.step()
        self.muon.step(0.001)
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, list(self.net.parameters()), 0.002)
        return loss.item()

    def apply(self):
        with torch.inference_mode():
            return F.pixel_shuffle(self.estimate(self.clean).float(), 2).sum().item()


def main():
    peer = None
    for line in sys.stdin:
        word, *arguments = line.split()
        if word == "setup":
            *sizes, precision = arguments
            peer = Peer(*map(int, sizes), precision)
            print("ready", torch.__version__, flush=True)
            continue
        start = time.perf_counter()
        getattr(peer, word)()
        print((time.perf_counter() - start) * 1000, flush=True)


main()
