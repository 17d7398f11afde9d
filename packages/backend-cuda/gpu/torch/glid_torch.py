"""A detector of GLID's kind in PyTorch, of the sizes of glid-tiny, and its times: eager, compiled, and compiled with CUDA graphs.

Swin-T, three Bi-FPN cells of width 256 over four levels, a decoder of six layers with 100 queries, one linear layer for classes and one
for boxes. Weights are random. What is timed is what the CUDA backend's benchmark times: from pictures in host memory to boxes in host
memory, and a training step with AdamW. The loss is the sum of squares, since a matcher would run on the host.

Call: python3 glid_torch.py '{"side": 224, "batch": 32, "trainingBatch": 16, "queries": 100, "runs": 50}'
Prints a JSON object a line: {"what": ..., "value": ..., "unit": ...}
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

WIDTH = 256
CLASSES = 80


class WindowAttention(nn.Module):
    def __init__(self, dim, heads, window, shift):
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        at = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")).flatten(1)
        apart = at[:, :, None] - at[:, None, :] + window - 1
        self.register_buffer("places", apart[0] * (2 * window - 1) + apart[1], persistent=False)

    def forward(self, x):
        b, h, w, c = x.shape
        size = self.window
        down, across = -h % size, -w % size
        x = F.pad(x, (0, 0, 0, across, 0, down))
        high, wide = h + down, w + across
        shift = self.shift
        mask = None
        if shift:
            x = torch.roll(x, (-shift, -shift), (1, 2))
            mask = self.region_mask(high, wide, shift, x.device)
        rows, columns = high // size, wide // size
        x = x.view(b, rows, size, columns, size, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size, c)
        q, k, v = self.qkv(x).view(-1, size * size, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        bias = self.table[self.places].permute(2, 0, 1)[None]
        if mask is not None:
            bias = bias + mask.repeat(b, 1, 1)[:, None]
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype).expand(q.shape[0], -1, -1, -1))
        x = self.out(x.transpose(1, 2).reshape(-1, size * size, c))
        x = x.view(b, rows, columns, size, size, c).permute(0, 1, 3, 2, 4, 5).reshape(b, high, wide, c)
        if shift:
            x = torch.roll(x, (shift, shift), (1, 2))
        return x[:, :h, :w]

    def region_mask(self, high, wide, shift, device):
        size = self.window

        def regions(length):
            at = torch.arange(length, device=device)
            return (at >= length - size).int() + (at >= length - shift).int()

        region = regions(high)[:, None] * 3 + regions(wide)[None, :]
        region = region.view(high // size, size, wide // size, size).permute(0, 2, 1, 3).reshape(-1, size * size)
        return (region[:, :, None] != region[:, None, :]).float() * -100.0


class SwinBlock(nn.Module):
    def __init__(self, dim, heads, shift):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = WindowAttention(dim, heads, 7, shift)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchMerge(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduce = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.reduce(self.norm(x))


class Swin(nn.Module):
    def __init__(self, embed=96, depths=(2, 2, 6, 2), heads=(3, 6, 12, 24)):
        super().__init__()
        self.patches = nn.Conv2d(3, embed, 4, 4)
        self.norm = nn.LayerNorm(embed)
        dims = [embed * 2**i for i in range(len(depths))]
        self.stages = nn.ModuleList(
            nn.Sequential(*(SwinBlock(dim, head, 3 * (i % 2)) for i in range(depth)))
            for dim, depth, head in zip(dims, depths, heads)
        )
        self.merges = nn.ModuleList(PatchMerge(dim) for dim in dims[:-1])
        self.outs = nn.ModuleList(nn.LayerNorm(dim) for dim in dims)

    def forward(self, images):
        x = self.norm(self.patches(images).permute(0, 2, 3, 1))
        maps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            maps.append(self.outs[i](x).permute(0, 3, 1, 2))
            if i < len(self.merges):
                x = self.merges[i](x)
        return maps


class Fuse(nn.Module):
    """Weighted sum of maps, Swish, depthwise and pointwise convolution, group norm."""

    def __init__(self, inputs):
        super().__init__()
        self.weights = nn.Parameter(torch.ones(inputs))
        self.depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH, bias=False)
        self.pointwise = nn.Conv2d(WIDTH, WIDTH, 1)
        self.norm = nn.GroupNorm(32, WIDTH)

    def forward(self, *maps):
        w = F.relu(self.weights)
        w = w / (w.sum() + 1e-4)
        x = sum(w[i] * m for i, m in enumerate(maps))
        return self.norm(self.pointwise(self.depthwise(F.silu(x))))


def entrance(channels):
    """What brings a map of the encoder to the width of the neck."""
    return nn.Sequential(nn.Conv2d(channels, WIDTH, 1), nn.GroupNorm(32, WIDTH))


class BiFpnCell(nn.Module):
    """The first cell takes the encoder's maps, of `channels` each: every node projects its own, as GLID's does."""

    def __init__(self, channels=None, levels=4):
        super().__init__()
        make = (lambda level: entrance(channels[level])) if channels else (lambda level: nn.Identity())
        self.into_down = nn.ModuleList(make(level) for level in range(levels))
        self.into_up = nn.ModuleList(make(level) for level in range(1, levels))
        self.down = nn.ModuleList(Fuse(2) for _ in range(levels - 1))
        self.up = nn.ModuleList([Fuse(3) for _ in range(levels - 2)] + [Fuse(2)])

    def forward(self, maps):
        own = [project(m) for project, m in zip(self.into_down, maps)]
        tops = [own[-1]]
        for i in range(len(maps) - 2, -1, -1):
            larger = F.interpolate(tops[0], size=own[i].shape[-2:], mode="nearest")
            tops.insert(0, self.down[i](own[i], larger))
        outs = [tops[0]]
        for i in range(1, len(maps)):
            entering = self.into_up[i - 1](maps[i])
            smaller = F.max_pool2d(outs[-1], 3, 2, 1)
            inner = (entering, tops[i], smaller) if i < len(maps) - 1 else (entering, smaller)
            outs.append(self.up[i - 1](*inner))
        return outs


class DecoderLayer(nn.Module):
    def __init__(self, heads=8, ffn=2048):
        super().__init__()
        self.heads = heads
        self.self_in, self.self_out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.cross_q, self.cross_kv = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH)
        self.cross_out = nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, ffn), nn.ReLU(), nn.Linear(ffn, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))

    def attend(self, q, k, v):
        split = lambda t: t.view(t.shape[0], t.shape[1], self.heads, -1).transpose(1, 2)
        return F.scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).flatten(2)

    def forward(self, x, memory):
        x = self.norms[0](x + self.cross_out(self.attend(self.cross_q(x), *self.cross_kv(memory).chunk(2, -1))))
        x = self.norms[1](x + self.self_out(self.attend(*self.self_in(x).chunk(3, -1))))
        return self.norms[2](x + self.mlp(x))


class Detector(nn.Module):
    def __init__(self, queries):
        super().__init__()
        self.encoder = Swin()
        self.neck = nn.ModuleList(BiFpnCell([96 * 2**i for i in range(4)] if k == 0 else None) for k in range(3))
        self.queries = nn.Parameter(torch.randn(queries, WIDTH))
        self.decoder = nn.ModuleList(DecoderLayer() for _ in range(6))
        self.norm = nn.LayerNorm(WIDTH)
        self.classes, self.boxes = nn.Linear(WIDTH, CLASSES + 1), nn.Linear(WIDTH, 4)

    def forward(self, images):
        maps = self.encoder(images)
        for cell in self.neck:
            maps = cell(maps)
        # Layers look at 1/32, 1/16, 1/8 in turn.
        memories = [m.flatten(2).transpose(1, 2) for m in (maps[3], maps[2], maps[1])]
        x = self.queries[None].expand(images.shape[0], -1, -1)
        for i, layer in enumerate(self.decoder):
            x = layer(x, memories[i % 3])
        x = self.norm(x)
        return self.classes(x), self.boxes(x).sigmoid()


def median_ms(runs, work):
    times = []
    for i in range(-5, runs):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        if i >= 0:
            times.append(1000 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


def note(what, value, unit):
    print(json.dumps({"what": "torch " + what, "value": value, "unit": unit}), flush=True)


def main():
    settings = json.loads(sys.argv[1])
    side, batch, runs = settings["side"], settings["batch"], settings["runs"]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(0)
    model = Detector(settings["queries"]).cuda()
    modes = {
        "eager": lambda f: f,
        "compiled": lambda f: torch.compile(f),
        "compiled with CUDA graphs": lambda f: torch.compile(f, mode="reduce-overhead"),
    }
    failed = False
    for name, wrap in modes.items():
        try:
            torch.compiler.reset()
            forward = wrap(model)
            model.eval()
            with torch.inference_mode():
                for count in (1, batch):
                    pictures = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8)

                    def predict():
                        x = pictures.cuda(non_blocking=True).permute(0, 3, 1, 2).float() / 255
                        return [t.cpu() for t in forward(x)]

                    elapsed = median_ms(runs, predict)
                    note(f"tf32 {name}: prediction, batch {count}", elapsed, "ms")
                    if count > 1:
                        note(f"tf32 {name}: throughput, batch {count}", 1000 * count / elapsed, "pictures/s")
            model.train()
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
            images = torch.randn(settings["trainingBatch"], 3, side, side, device="cuda")

            def step():
                optimizer.zero_grad(set_to_none=True)
                classes, boxes = forward(images)
                (classes.square().mean() + boxes.square().mean()).backward()
                optimizer.step()

            note(f"tf32 {name}: training step, batch {settings['trainingBatch']}", median_ms(runs, step), "ms")
        except Exception as error:  # a mode that this machine cannot do stops no other
            failed = True
            print(f"{name}: {error}", file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
