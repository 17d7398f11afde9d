// cuBLASLt: float32 products in column-major order with the epilogues for bias, ReLU and GELU.
#include <cmath>
#include <cstring>
#include <vector>

#include "cudasim.h"

using namespace sim;

namespace {

enum Status { LtSuccess = 0, LtInvalidValue = 7, LtExecutionFailed = 14, LtNotSupported = 15 };
enum Compute { Float32 = 68, FastBfloat16 = 75, FastTf32 = 77 };
enum Epilogue { Default = 1, Relu = 2, Bias = 4, Gelu = 32 };
constexpr int real32 = 0;

struct Description {
  int compute;
  int transposeA = 0, transposeB = 0, epilogue = Default;
  uint64_t bias = 0;
};

struct Layout {
  uint64_t rows, columns;
  int64_t leading;
  int batches = 1;
  int64_t stride = 0;

  // Elements from the first to the last one touched.
  size_t extent() const { return (size_t)((batches - 1) * stride + leading * (int64_t)(columns - 1) + (int64_t)rows); }
};

// Rounds to `kept` bits of mantissa, ties upwards in magnitude: what the tensor cores do with their inputs.
float roundMantissa(float value, int kept) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7f800000) == 0x7f800000) return value;
  const int dropped = 23 - kept;
  bits += (1u << (dropped - 1)) - 1 + ((bits >> dropped) & 1);
  bits &= ~0u << dropped;
  memcpy(&value, &bits, 4);
  return value;
}

float rounded(float value, int compute) {
  if (compute == FastTf32) return roundMantissa(value, 10);
  if (compute == FastBfloat16) return roundMantissa(value, 7);
  return value;
}

// The library's GELU is the tanh form.
float gelu(float x) { return 0.5f * x * (1 + tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x))); }

struct Product {
  Description description;
  Layout a, b, d;
  float alpha, beta;
  const float *A, *B, *C;
  float* D;
  int m, n, k;

  int run() const {
    std::vector<float> packedA((size_t)m * k), packedB((size_t)k * n), column(m);
    for (int batch = 0; batch < d.batches; batch++) {
      pack(packedA.data(), packedB.data(), A + batch * a.stride, B + batch * b.stride);
      for (int j = 0; j < n; j++) {
        std::fill(column.begin(), column.end(), 0.f);
        for (int p = 0; p < k; p++) {
          const float factor = packedB[(size_t)j * k + p];
          const float* left = &packedA[(size_t)p * m];
          for (int i = 0; i < m; i++) column[i] += left[i] * factor;
        }
        const int64_t at = batch * d.stride + j * d.leading;
        finish(column.data(), C + at, D + at);
      }
    }
    return Success;
  }

 private:
  void pack(float* packedA, float* packedB, const float* a0, const float* b0) const {
    const int compute = description.compute;
    for (int p = 0; p < k; p++) {
      for (int i = 0; i < m; i++) {
        const int64_t at = description.transposeA ? i * a.leading + p : p * a.leading + i;
        packedA[(size_t)p * m + i] = rounded(a0[at], compute);
      }
    }
    for (int j = 0; j < n; j++) {
      for (int p = 0; p < k; p++) {
        const int64_t at = description.transposeB ? p * b.leading + j : j * b.leading + p;
        packedB[(size_t)j * k + p] = rounded(b0[at], compute);
      }
    }
  }

  void finish(const float* column, const float* added, float* to) const {
    const int epilogue = description.epilogue;
    const float* bias = (const float*)description.bias;
    for (int i = 0; i < m; i++) {
      float value = alpha * column[i];
      if (beta != 0) value += beta * added[i];
      if (epilogue & Bias) value += bias[i];
      if (epilogue & Relu) value = value > 0 ? value : 0;
      if (epilogue & Gelu) value = gelu(value);
      to[i] = value;
    }
  }
};

int refuse(const char* what) {
  fail(InvalidValue, std::string("cublasLtMatmul: ") + what);
  return LtInvalidValue;
}

}  // namespace

CUDASIM_API int cublasLtCreate(void** handle) {
  *handle = new int(1);
  return LtSuccess;
}

CUDASIM_API int cublasLtDestroy(void* handle) {
  delete (int*)handle;
  return LtSuccess;
}

CUDASIM_API int cublasLtMatmulDescCreate(void** out, int compute, int scale) {
  if (scale != real32 || (compute != Float32 && compute != FastTf32 && compute != FastBfloat16)) return LtNotSupported;
  *out = new Description{compute};
  return LtSuccess;
}

CUDASIM_API int cublasLtMatmulDescDestroy(void* description) {
  delete (Description*)description;
  return LtSuccess;
}

CUDASIM_API int cublasLtMatmulDescSetAttribute(void* handle, int attribute, const void* value, size_t bytes) {
  Description* description = (Description*)handle;
  const auto integer = [&](int& field) -> int {
    if (bytes != 4) return LtInvalidValue;
    memcpy(&field, value, 4);
    return LtSuccess;
  };
  switch (attribute) {
    case 3:
      return integer(description->transposeA);
    case 4:
      return integer(description->transposeB);
    case 7:
      return integer(description->epilogue);
    case 8:
      if (bytes != 8) return LtInvalidValue;
      memcpy(&description->bias, value, 8);
      return LtSuccess;
    default:
      return LtInvalidValue;
  }
}

CUDASIM_API int cublasLtMatrixLayoutCreate(void** out, int type, uint64_t rows, uint64_t columns, int64_t leading) {
  if (type != real32) return LtNotSupported;
  if (rows == 0 || columns == 0 || leading < (int64_t)rows) return LtInvalidValue;
  *out = new Layout{rows, columns, leading};
  return LtSuccess;
}

CUDASIM_API int cublasLtMatrixLayoutDestroy(void* layout) {
  delete (Layout*)layout;
  return LtSuccess;
}

CUDASIM_API int cublasLtMatrixLayoutSetAttribute(void* handle, int attribute, const void* value, size_t bytes) {
  Layout* layout = (Layout*)handle;
  if (attribute == 5 && bytes == 4) {
    memcpy(&layout->batches, value, 4);
  } else if (attribute == 6 && bytes == 8) {
    memcpy(&layout->stride, value, 8);
  } else {
    return LtInvalidValue;
  }
  return LtSuccess;
}

CUDASIM_API int cublasLtMatmulPreferenceCreate(void** preference) {
  *preference = new int(0);
  return LtSuccess;
}

CUDASIM_API int cublasLtMatmulPreferenceDestroy(void* preference) {
  delete (int*)preference;
  return LtSuccess;
}

CUDASIM_API int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t) { return LtSuccess; }

// One result of 96 bytes: 64 of the algorithm, the workspace (8), the status (4), the rest unused.
CUDASIM_API int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, void* results,
                                               int* count) {
  memset(results, 0, 96);
  *count = 1;
  return LtSuccess;
}

CUDASIM_API int cublasLtMatmul(void*, void* description, const void* alpha, const void* A, void* layoutA, const void* B,
                               void* layoutB, const void* beta, const void* C, void* layoutC, void* D, void* layoutD,
                               const void*, void*, size_t, void* stream) {
  if (stickyError) return LtExecutionFailed;
  const Layout &a = *(Layout*)layoutA, &b = *(Layout*)layoutB, &d = *(Layout*)layoutD;
  Product product{*(Description*)description, a, b, d, *(const float*)alpha, *(const float*)beta, (const float*)A,
                  (const float*)B, (const float*)C, (float*)D, (int)d.rows, (int)d.columns, 0};
  const Description& made = product.description;
  product.k = (int)(made.transposeA ? a.rows : a.columns);
  const uint64_t rowsA = made.transposeA ? a.columns : a.rows;
  const uint64_t innerB = made.transposeB ? b.columns : b.rows, columnsB = made.transposeB ? b.rows : b.columns;
  if (rowsA != d.rows || columnsB != d.columns || (int)innerB != product.k) return refuse("the layouts do not fit");
  if (a.batches != d.batches || b.batches != d.batches) return refuse("the layouts differ in their batches");
  if (memcmp(layoutC, layoutD, sizeof(Layout)) != 0) return LtNotSupported;
  if (made.epilogue & ~(Default | Relu | Bias | Gelu)) return LtNotSupported;
  const bool inside = onDevice((uint64_t)A, 4 * a.extent()) && onDevice((uint64_t)B, 4 * b.extent()) &&
                      onDevice((uint64_t)D, 4 * d.extent()) &&
                      (product.beta == 0 || onDevice((uint64_t)C, 4 * d.extent())) &&
                      (!(made.epilogue & Bias) || onDevice(made.bias, 4 * d.rows));
  if (!inside) {
    stickyError = fail(IllegalAddress, "cublasLtMatmul: an operand lies outside device memory");
    return LtExecutionFailed;
  }
  counters().products++;
  return submit(stream, [=] { return settings().skip ? (int)Success : product.run(); }) ? LtExecutionFailed : LtSuccess;
}
