// Modules and launches: checks what a device checks, then runs block after block.
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "cudasim.h"
#include "fibres.h"

using namespace sim;

namespace {

constexpr int staticSharedLimit = 48 << 10;
constexpr int optInSharedLimit = 227 << 10;

struct Module;

struct Kernel {
  Module* module;
  std::string name;
  Entry entry;
  const SimSignature* signature;
  int dynamicLimit = staticSharedLimit;
};

struct Module {
  void* library;
  SimRegisters* registers;
  char *sharedStart, *sharedEnd;
  std::map<std::string, Kernel> kernels;
};

using Initialise = SimRegisters* (*)(const SimOperations*, char** sharedStart, char** sharedEnd);

// Dynamic shared memory ends at a page without access, so that an overrun faults.
class DynamicShared {
 public:
  char* prepare(unsigned bytes) {
    if (!end) {
      char* mapping = (char*)mmap(nullptr, capacity + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      end = mapping + capacity;
      mprotect(end, 4096, PROT_NONE);
    }
    return end - (bytes + 15) / 16 * 16;
  }

 private:
  static constexpr size_t capacity = 256 << 10;
  char* end = nullptr;
};
DynamicShared dynamicShared;

sigjmp_buf faultReturn;
volatile sig_atomic_t inKernel = 0;
void* faultAddress;

void onFault(int signal, siginfo_t* info, void*) {
  if (inKernel) {
    faultAddress = info->si_addr;
    siglongjmp(faultReturn, 1);
  }
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void catchFaults() {
  static char stack[64 << 10];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

int fault(int code, const std::string& message) { return stickyError = fail(code, message); }

int checkPointers(const Kernel& kernel, void** arguments) {
  for (unsigned i = 0; i < kernel.signature->count; i++) {
    if (!kernel.signature->pointer[i]) continue;
    const uint64_t address = *(const uint64_t*)arguments[i];
    if (address == 0 || onDevice(address, 0)) continue;
    char text[120];
    snprintf(text, sizeof text, "argument %u of kernel ", i);
    return fault(IllegalAddress, text + kernel.name + " points at no device memory");
  }
  return Success;
}

int run(const Kernel& kernel, dim3 grid, dim3 block, unsigned sharedBytes, void** arguments) {
  if (settings().skip) return Success;
  static bool ready = (catchFaults(), true);
  (void)ready;
  if (int r = checkPointers(kernel, arguments)) return r;
  SimRegisters* registers = kernel.module->registers;
  registers->gridDim = grid;
  registers->blockDim = block;
  registers->threads = block.x * block.y * block.z;
  registers->order = (unsigned)settings().order;
  registers->dynamicShared = dynamicShared.prepare(sharedBytes);
  if (sigsetjmp(faultReturn, 1)) {
    inKernel = 0;
    abandonBlock();
    char text[200];
    const uint3 b = registers->blockIdx, t = registers->threadIdx;
    snprintf(text, sizeof text, "illegal address %p in block (%u, %u, %u), thread (%u, %u, %u) of kernel ",
             faultAddress, b.x, b.y, b.z, t.x, t.y, t.z);
    return fault(IllegalAddress, text + kernel.name);
  }
  std::string error;
  bool good = true;
  const uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
  inKernel = 1;
  for (uint64_t i = 0; i < blocks && good; i++) {
    const uint64_t at = settings().order == 1 ? blocks - 1 - i : i;
    registers->blockIdx = {(unsigned)(at % grid.x), (unsigned)(at / grid.x % grid.y), (unsigned)(at / grid.x / grid.y)};
    if (settings().poison) {
      const Module* module = kernel.module;
      if (module->sharedStart) memset(module->sharedStart, 0xFF, (size_t)(module->sharedEnd - module->sharedStart));
      memset(registers->dynamicShared, 0xFF, sharedBytes);
    }
    good = runBlock(registers, kernel.entry, arguments, error);
  }
  inKernel = 0;
  return good ? Success : fault(LaunchFailed, "kernel " + kernel.name + ": " + error);
}

// The offsets that the C ABI gives the parameters in the packed buffer; returns the bytes needed.
size_t layOut(const SimSignature& signature, std::vector<size_t>& offsets) {
  size_t at = 0;
  offsets.resize(signature.count);
  for (unsigned i = 0; i < signature.count; i++) {
    at = (at + signature.alignment[i] - 1) / signature.alignment[i] * signature.alignment[i];
    offsets[i] = at;
    at += signature.size[i];
  }
  return at;
}

}  // namespace

// An image is "CUDASIM1\n<path of the compiled kernels>\n".
CUDASIM_API int cuModuleLoadDataEx(void** out, const void* image, unsigned, void*, void*) {
  RETURN_STICKY();
  FORBID_IN_CAPTURE("cuModuleLoadDataEx");
  const char* text = (const char*)image;
  if (memcmp(text, "CUDASIM1\n", 9) != 0) return fail(InvalidImage, "the module image is none of the simulator's");
  const std::string path(text + 9, strchr(text + 9, '\n') - (text + 9));
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return fail(InvalidImage, dlerror());
  const auto initialise = (Initialise)dlsym(library, "cudasim_initialise");
  Module* module = new Module{library, nullptr, nullptr, nullptr, {}};
  module->registers = initialise(&operations, &module->sharedStart, &module->sharedEnd);
  if (module->sharedStart && module->sharedEnd - module->sharedStart > staticSharedLimit) {
    return fail(InvalidImage, "the static __shared__ variables exceed 48 KiB");
  }
  *out = module;
  return Success;
}

CUDASIM_API int cuModuleUnload(void*) { return stickyError; }

CUDASIM_API int cuModuleGetFunction(void** function, void* handle, const char* name) {
  RETURN_STICKY();
  Module* module = (Module*)handle;
  auto found = module->kernels.find(name);
  if (found == module->kernels.end()) {
    const auto entry = (Entry)dlsym(module->library, (std::string("cudasim_entry_") + name).c_str());
    if (!entry) return fail(NotFound, std::string("the module has no kernel ") + name);
    const auto signature =
        (const SimSignature*)dlsym(module->library, (std::string("cudasim_signature_") + name).c_str());
    found = module->kernels.emplace(name, Kernel{module, name, entry, signature}).first;
  }
  *function = &found->second;
  return Success;
}

CUDASIM_API int cuFuncSetAttribute(void* function, int attribute, int value) {
  constexpr int maxDynamicSharedBytes = 8;
  if (attribute != maxDynamicSharedBytes) return Success;
  if (value > optInSharedLimit) return fail(InvalidValue, "more dynamic shared memory than a device has");
  ((Kernel*)function)->dynamicLimit = value;
  return Success;
}

CUDASIM_API int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                               unsigned bz, unsigned sharedBytes, void* stream, void** parameters, void** extra) {
  RETURN_STICKY();
  const Kernel* kernel = (const Kernel*)function;
  const bool fits = gx && gy && gz && bx && by && bz && (uint64_t)bx * by * bz <= 1024 && bz <= 64 && gx <= 0x7fffffffu &&
                    gy <= 65535 && gz <= 65535;
  if (!fits) return fail(InvalidValue, "grid or block of kernel " + kernel->name + " beyond the device's limits");
  if ((int)sharedBytes > kernel->dynamicLimit) {
    return fail(InvalidValue, "dynamic shared memory of kernel " + kernel->name + " above its limit");
  }
  std::vector<size_t> offsets;
  const size_t needed = layOut(*kernel->signature, offsets);
  auto storage = std::make_shared<std::vector<char>>(needed);
  if (parameters) {
    for (unsigned i = 0; i < offsets.size(); i++) {
      memcpy(storage->data() + offsets[i], parameters[i], kernel->signature->size[i]);
    }
  } else if (needed > 0) {
    // CU_LAUNCH_PARAM_BUFFER_POINTER = 1, CU_LAUNCH_PARAM_BUFFER_SIZE = 2, end = 0
    const char* buffer = nullptr;
    size_t size = 0;
    for (int i = 0; extra && extra[i]; i += 2) {
      if ((uintptr_t)extra[i] == 1) buffer = (const char*)extra[i + 1];
      if ((uintptr_t)extra[i] == 2) size = *(const size_t*)extra[i + 1];
    }
    if (!buffer || size != needed) {
      return fail(InvalidValue, "the argument buffer of kernel " + kernel->name + " has " + std::to_string(size) +
                                    " bytes, its parameters take " + std::to_string(needed));
    }
    memcpy(storage->data(), buffer, needed);
  }
  counters().launches++;
  const dim3 grid = {gx, gy, gz}, block = {bx, by, bz};
  return submit(stream, [=] {
    void* arguments[64];
    for (size_t i = 0; i < offsets.size(); i++) arguments[i] = storage->data() + offsets[i];
    return run(*kernel, grid, block, sharedBytes, arguments);
  });
}
