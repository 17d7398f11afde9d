"""GLID's detector in PyTorch on the GPU: that it is our model, and how long it takes.

python3 glid_torch.py parity '{"config": …, "side": 128, "queries": 20, "classes": 80, "weights": "torch.safetensors"}'
    float32 outputs of the model with our parameters against the expected ones that the file brings along.
python3 glid_torch.py benchmark '{"config": …, "side": 224, "queries": 100, "classes": 80, "batch": 32, "trainingBatch": 16, "runs": 50}'
    Times in TF32 with random weights: eager, compiled, and compiled with CUDA graphs. A prediction is what the CUDA backend's benchmark
    calls one: from pictures in host memory to class logits and boxes in host memory. A training step is forward, backward and AdamW; its
    loss is the sum of squares, since a matcher would run on the host.

Prints a JSON object a line: {"who": …, "what": …, "value": …, "unit": …}, or {"note": …}. Needs PyTorch 2.1.
"""

import json
import sys
import time

import torch

from glid_torch_model import Detector, load_parameters

# ImageNet's pixels, 0..255.
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def say(**what):
    print(json.dumps(what), flush=True)


def detector(settings):
    return Detector(settings["config"], settings["side"], settings["queries"], settings["classes"])


def read_safetensors(path):
    """The float32 tensors of a file by name."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=start + begin)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def parity(settings, device="cuda"):
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    tensors = read_safetensors(settings["weights"])
    images = tensors.pop("images")
    expected = [tensors.pop(f"expected.{name}") for name in ("logits", "boxes")]
    model = detector(settings)
    load_parameters(model, tensors)
    model = model.to(device).eval()
    with torch.inference_mode():
        outputs = model(images.to(device).permute(0, 3, 1, 2))
    errors = [((got.cpu().flatten() - want).norm() / want.norm()).item() for got, want in zip(outputs, expected)]
    say(who="torch float32", what="relative error of the model's outputs", value=max(errors), unit="")


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


def time_predictions(name, forward, settings):
    side, runs = settings["side"], settings["runs"]
    mean, deviation = (torch.tensor(v, device="cuda").view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    with torch.inference_mode():
        for count in (1, settings["batch"]):
            pictures = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8)

            def predict():
                images = (pictures.cuda().permute(0, 3, 1, 2).float() - mean) / deviation
                return [t.cpu() for t in forward(images)]

            elapsed = median_ms(runs, predict)
            say(who=f"torch tf32 {name}", what=f"prediction, batch {count}", value=elapsed, unit="ms")
            if count > 1:
                rate = 1000 * count / elapsed
                say(who=f"torch tf32 {name}", what=f"throughput, batch {count}", value=rate, unit="pictures/s")


def time_training(name, forward, model, settings):
    side, count = settings["side"], settings["trainingBatch"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    images = torch.randn(count, 3, side, side, device="cuda")

    def step():
        optimizer.zero_grad(set_to_none=True)
        classes, boxes = forward(images)
        (classes.square().mean() + boxes.square().mean()).backward()
        optimizer.step()

    elapsed = median_ms(settings["runs"], step)
    say(who=f"torch tf32 {name}", what=f"training step, batch {count}", value=elapsed, unit="ms")


def benchmark(settings):
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(0)
    model = detector(settings).cuda()
    modes = {
        "eager": lambda f: f,
        "compiled": torch.compile,
        "compiled with CUDA graphs": lambda f: torch.compile(f, mode="reduce-overhead"),
    }
    failed = []
    for name, wrap in modes.items():
        try:
            torch.compiler.reset()
            forward = wrap(model)
            time_predictions(name, forward, settings)
            time_training(name, forward, model, settings)
        except Exception as error:  # a mode that this machine cannot do stops no other
            failed.append(f"{name}: {str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__}")
    if failed:
        sys.exit("; ".join(failed))


if __name__ == "__main__":
    torch_cuda = torch.version.cuda
    say(note=f"PyTorch {torch.__version__}, CUDA {torch_cuda}, {torch.cuda.get_device_name()}")
    {"parity": parity, "benchmark": benchmark}[sys.argv[1]](json.loads(sys.argv[2]))
