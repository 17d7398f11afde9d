#!/bin/sh
# Runs everything on a machine with an NVIDIA GPU, or the steps and stages that are named: no Node, no network, no CUDA toolkit needed.
# Lies in the archive beside what it runs. Writes results/ in the current folder; ends with 0 when nothing has failed.
here=$(cd "$(dirname "$0")" && pwd)
# NVRTC and cuBLAS come from a toolkit or from the Python wheels that PyTorch brings along: the backend looks in both, and here for others.
if [ -z "$GLID_CUDA_LIBS" ] && command -v python3 >/dev/null 2>&1; then
  wheels=$(python3 -c 'import glob, sys; print(":".join(d for p in sys.path for d in glob.glob(p + "/nvidia/*/lib")))' 2>/dev/null)
  [ -n "$wheels" ] && export GLID_CUDA_LIBS="$wheels"
fi
# Compiled kernels are kept in the current folder: the archive's may be read-only.
export GLID_CUDA_CACHE="${GLID_CUDA_CACHE:-$PWD/kernels}"
exec "$here/bin/node" "$here/app.mjs" "$@"
