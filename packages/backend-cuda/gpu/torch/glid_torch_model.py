"""GLID's detector in PyTorch: Swin encoder, Bi-FPN, query decoder, one linear layer for classes and one for boxes.

It is the model of packages/core with the detection head, for pictures of one size. Attributes carry the checkpoint's names, so that
`load_parameters` takes our parameters; kernels are transposed on the way, since ours are `[in, out]` and in NHWC.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

PATCH = 4
# Strides of the maps that decoder layers look at, in turn: 1/32, 1/16, 1/8 are levels 3, 2, 1.
DECODER_LEVELS = (3, 2, 1)


class WindowAttention(nn.Module):
    """Attention in windows of a grid, which is padded to whole windows and rolled by `shift`."""

    def __init__(self, dim, heads, window, shift, grid):
        super().__init__()
        self.heads, self.window, self.shift, self.grid = heads, window, shift, grid
        self.padded = [math.ceil(n / window) * window for n in grid]
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)
        self.relativePositionTable = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        rows = torch.arange(window).repeat_interleave(window)
        columns = torch.arange(window).repeat(window)
        down = rows[:, None] - rows[None, :] + window - 1
        across = columns[:, None] - columns[None, :] + window - 1
        self.register_buffer("pairs", down * (2 * window - 1) + across, persistent=False)
        self.register_buffer("apart", self.regions_apart() if shift else None, persistent=False)

    def regions_apart(self):
        """`[windows, 1, N, N]`: -100 between what the roll has brought together."""
        size, shift = self.window, self.shift
        high, wide = self.padded

        def regions(length):
            at = torch.arange(length)
            return (at >= length - size).int() + (at >= length - shift).int()

        region = regions(high)[:, None] * 3 + regions(wide)[None, :]
        region = region.view(high // size, size, wide // size, size).permute(0, 2, 1, 3).reshape(-1, 1, size * size)
        return (region[:, :, :, None] != region[:, :, None, :]).float() * -100.0

    def forward(self, x):
        b, h, w, c = x.shape
        size, shift = self.window, self.shift
        high, wide = self.padded
        if (high, wide) != (h, w):
            x = F.pad(x, (0, 0, 0, wide - w, 0, high - h))
        if shift:
            x = torch.roll(x, (-shift, -shift), (1, 2))
        rows, columns = high // size, wide // size
        x = x.reshape(b, rows, size, columns, size, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size, c)
        q, k, v = self.qkv(x).view(-1, size * size, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        bias = self.relativePositionTable[self.pairs].permute(2, 0, 1)[None]
        if shift:
            bias = (bias + self.apart).repeat(b, 1, 1, 1)
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.expand(q.shape[0], -1, -1, -1))
        x = x.transpose(1, 2).reshape(b, rows, columns, size, size, c).permute(0, 1, 3, 2, 4, 5)
        x = x.reshape(b, high, wide, c)
        if shift:
            x = torch.roll(x, (shift, shift), (1, 2))
        return self.projection(x[:, :h, :w])


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class SwinBlock(nn.Module):
    def __init__(self, dim, heads, window, shift, grid, ratio):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = WindowAttention(dim, heads, window, shift, grid)
        self.mlp = Mlp(dim, round(dim * ratio))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchMerge(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        if x.shape[1] % 2 or x.shape[2] % 2:
            x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.reduction(self.norm(x))


class Stage(nn.Module):
    def __init__(self, blocks, merge):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.merge = merge


class PatchEmbed(nn.Conv2d):
    """`[B, 3, H, W]` -> `[B, H / 4, W / 4, C]`."""

    def __init__(self, embed):
        super().__init__(3, embed, PATCH, PATCH)
        self.norm = nn.LayerNorm(embed)

    def forward(self, images):
        return self.norm(super().forward(images).permute(0, 2, 3, 1))


class Encoder(nn.Module):
    """Swin. `[B, 3, H, W]` -> four maps `[B, C, H / stride, W / stride]`."""

    def __init__(self, config, side):
        super().__init__()
        window = config["window"]
        self.patchEmbed = PatchEmbed(config["embed"])
        self.stages, self.outputNorms = nn.ModuleList(), nn.ModuleList()
        for stage, (depth, heads) in enumerate(zip(config["depths"], config["heads"])):
            dim = config["embed"] * 2**stage
            grid = [math.ceil(side / (PATCH * 2**stage))] * 2
            shifts = [(i % 2) * (window // 2) for i in range(depth)]
            blocks = [SwinBlock(dim, heads, window, shift, grid, config["mlpRatio"]) for shift in shifts]
            self.stages.append(Stage(blocks, PatchMerge(dim) if stage < 3 else None))
            self.outputNorms.append(nn.LayerNorm(dim))

    def forward(self, images):
        x = self.patchEmbed(images)
        maps = []
        for stage, norm in zip(self.stages, self.outputNorms):
            for block in stage.blocks:
                x = block(x)
            maps.append(norm(x).permute(0, 3, 1, 2))
            if stage.merge is not None:
                x = stage.merge(x)
        return maps


class Entrance(nn.Module):
    """Brings a map of the encoder to the width of the neck."""

    def __init__(self, channels, width, groups):
        super().__init__()
        self.projection = nn.Conv2d(channels, width, 1)
        self.norm = nn.GroupNorm(groups, width)

    def forward(self, x):
        return self.norm(self.projection(x))


class Node(nn.Module):
    """Weighted sum of maps, Swish, depthwise and pointwise convolution, group norm. `inputs` are the maps' numbers."""

    def __init__(self, level, inputs, channels, width, groups):
        super().__init__()
        self.level, self.numbers = level, inputs
        wide = [channels[i] if i < len(channels) else width for i in inputs]
        self.inputs = nn.ModuleDict(
            {str(i): nn.Identity() if c == width else Entrance(c, width, groups) for i, c in zip(inputs, wide)}
        )
        self.weights = nn.Parameter(torch.ones(len(inputs)))
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.pointwise = nn.Conv2d(width, width, 1)
        self.norm = nn.GroupNorm(groups, width)

    def forward(self, maps, levels, size):
        weights = F.relu(self.weights)
        weights = weights / (weights.sum() + 1e-4)
        total = 0
        for k, i in enumerate(self.numbers):
            x = self.inputs[str(i)](maps[i])
            if levels[i] > self.level:
                x = F.interpolate(x, size=size, mode="nearest")
            elif levels[i] < self.level:
                x = F.max_pool2d(x, 3, 2, 1)
            total = total + weights[k] * x
        return self.norm(self.pointwise(self.depthwise(F.silu(total))))


class BiFpnCell(nn.Module):
    """Top-down from the coarsest level but one, then bottom-up. Maps are numbered: the cell's four inputs, then its nodes."""

    def __init__(self, channels, width, groups):
        super().__init__()
        count = len(channels)
        seen = [[level] for level in range(count)]

        def node(level, source):
            inputs = [*seen[level], seen[source][-1]]
            seen[level].append(sum(map(len, seen)))
            return Node(level, inputs, channels, width, groups)

        self.topDown = nn.ModuleDict({str(level): node(level, level + 1) for level in range(count - 2, -1, -1)})
        self.bottomUp = nn.ModuleDict({str(level): node(level, level - 1) for level in range(1, count)})
        self.leaves = [numbers[-1] for numbers in seen]

    def forward(self, inputs):
        maps, levels = list(inputs), list(range(len(inputs)))
        for node in [*self.topDown.values(), *self.bottomUp.values()]:
            maps.append(node(maps, levels, inputs[node.level].shape[-2:]))
            levels.append(node.level)
        return [maps[i] for i in self.leaves]


class Neck(nn.Module):
    def __init__(self, config, embed):
        super().__init__()
        width, groups = config["width"], config["groups"]
        channels = [[embed * 2**level if cell == 0 else width for level in range(4)] for cell in range(config["cells"])]
        self.cells = nn.ModuleList(BiFpnCell(own, width, groups) for own in channels)

    def forward(self, maps):
        for cell in self.cells:
            maps = cell(maps)
        return maps


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.output = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x, position, keys, values):
        b, _, c = x.shape
        split = lambda t: t.view(b, -1, self.heads, c // self.heads).transpose(1, 2)
        q, k, v = split(self.query(x + position)), split(self.key(keys)), split(self.value(values))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, -1, c)
        return self.norm(x + self.output(mixed))


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        return self.norm(x + self.fc2(F.relu(self.fc1(x))))


class DecoderLayer(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.crossAttention, self.selfAttention = Attention(width, heads), Attention(width, heads)
        self.feedForward = FeedForward(width, hidden)

    def forward(self, x, position, keys, values):
        x = self.crossAttention(x, position, keys, values)
        x = self.selfAttention(x, position, x + position, x)
        return self.feedForward(x)


def sine_code(side, channels):
    """DETR's code of a square map, `[side * side, channels]`: first half of the channels y, second half x; pixels count from 1."""
    half = channels // 2
    frequency = 10000.0 ** (-2 * torch.arange(half // 2, dtype=torch.float64) / half)
    angles = (torch.arange(side, dtype=torch.float64) + 1)[:, None] * (2 * math.pi / (side + 1e-6)) * frequency
    line = torch.stack([angles.sin(), angles.cos()], -1).reshape(side, half)
    rows, columns = line[:, None].expand(side, side, half), line[None].expand(side, side, half)
    return torch.cat([rows, columns], -1).reshape(side * side, channels).float()


class Decoder(nn.Module):
    def __init__(self, config, width, side):
        super().__init__()
        self.levelEmbedding = nn.Parameter(torch.randn(len(DECODER_LEVELS), width) * 0.02)
        self.layers = nn.ModuleList(
            DecoderLayer(width, config["heads"], config["ffn"]) for _ in range(config["layers"])
        )
        self.norm = nn.LayerNorm(width)
        for i, level in enumerate(DECODER_LEVELS):
            code = sine_code(math.ceil(side / (PATCH * 2**level)), width)
            self.register_buffer(f"code{i}", code, persistent=False)

    def forward(self, x, position, maps):
        values = [
            maps[level].flatten(2).transpose(1, 2) + self.levelEmbedding[i] for i, level in enumerate(DECODER_LEVELS)
        ]
        keys = [own + code for own, code in zip(values, (self.code0, self.code1, self.code2))]
        for i, layer in enumerate(self.layers):
            x = layer(x, position, keys[i % len(keys)], values[i % len(keys)])
        return self.norm(x)


class Queries(nn.Module):
    """q_i = CLS + e_i; e_i is their position, too."""

    def __init__(self, count, width):
        super().__init__()
        self.cls = nn.Parameter(torch.randn(width) * 0.02)
        self.boxes = nn.Module()
        self.boxes.embedding = nn.Parameter(torch.zeros(count, width))

    def forward(self, batch):
        position = self.boxes.embedding[None]
        return (self.cls + position).expand(batch, -1, -1), position


class Detector(nn.Module):
    """Pictures `[B, 3, side, side]`, normalised -> logits `[B, Q, classes + 1]`, boxes `[B, Q, 4]` (centre, size; relative)."""

    def __init__(self, config, side, queries, classes):
        super().__init__()
        width = config["neck"]["width"]
        self.encoder = Encoder(config["encoder"], side)
        self.neck = Neck(config["neck"], config["encoder"]["embed"])
        self.decoder = Decoder(config["decoder"], width, side)
        self.queries = Queries(queries, width)
        boxes = nn.ModuleDict({"class": nn.Linear(width, classes + 1), "box": nn.Linear(width, 4)})
        self.heads = nn.ModuleDict({"boxes": boxes})

    def forward(self, images):
        maps = self.neck(self.encoder(images))
        x = self.decoder(*self.queries(images.shape[0]), maps)
        head = self.heads["boxes"]
        return head["class"](x), head["box"](x).sigmoid()


def load_parameters(model, parameters):
    """Fills `model` from our parameters by name. The 1/4 map for masks, `neck.pixels`, is the one part that a detector has no use for."""
    left = {name for name in parameters if not name.startswith("neck.pixels.")}
    for module_name, module in model.named_modules():
        for own, target in module.named_parameters(recurse=False):
            theirs = own
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                theirs = {"weight": "kernel"}.get(own, own)
            elif isinstance(module, (nn.LayerNorm, nn.GroupNorm)):
                theirs = {"weight": "gamma", "bias": "beta"}[own]
            name = f"{module_name}.{theirs}"
            source = parameters[name]
            if theirs == "kernel" and isinstance(module, nn.Linear):
                source = source.T
            elif theirs == "kernel" and source.ndim == 2:
                source = source.T[:, :, None, None]
            elif theirs == "kernel" and module.groups > 1:
                source = source.permute(2, 3, 0, 1)
            elif theirs == "kernel":
                source = source.permute(3, 2, 0, 1)
            if target.shape != source.shape:
                raise ValueError(f"{name}: {tuple(source.shape)} does not fit {tuple(target.shape)}")
            with torch.no_grad():
                target.copy_(source)
            left.discard(name)
    if left:
        raise ValueError(f"nothing takes {sorted(left)[:3]}")
