#!/bin/sh
# Runs everything on a machine with an NVIDIA GPU: no Node, no network, no CUDA toolkit needed. Lies in the archive beside what it runs.
# Writes results/ in the current folder; ends with 0 when no step has failed.
here=$(cd "$(dirname "$0")" && pwd)
# NVRTC and cuBLAS come from a toolkit or from the Python wheels that PyTorch brings along: the backend looks in both, and here for others.
if [ -z "$GLID_CUDA_LIBS" ] && command -v python3 >/dev/null 2>&1; then
  site=$(python3 -c 'import site; print(":".join(p + "/nvidia/" + d + "/lib" for p in site.getsitepackages() for d in ("cu13", "cuda_nvrtc", "cublas")))' 2>/dev/null)
  [ -n "$site" ] && export GLID_CUDA_LIBS="$site"
fi
export GLID_CUDA_CACHE="${GLID_CUDA_CACHE:-$here/kernels}"
exec "$here/bin/node" "$here/app.mjs" "$@"
