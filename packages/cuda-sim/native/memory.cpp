// Device memory: every allocation is a mapping of its own that ends at a page without access, filled with NaN.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "cudasim.h"

namespace sim {
namespace {

constexpr size_t page = 4096;

struct Allocation {
  char* mapping;
  size_t mapped, bytes;
};
std::map<uint64_t, Allocation> allocations;
size_t inUse = 0;

size_t total() { return (size_t)settings().memoryMiB << 20; }
size_t available() { return total() - ((size_t)settings().othersMiB << 20); }

int checkRange(uint64_t address, size_t bytes, const char* what) {
  if (onDevice(address, bytes)) return Success;
  return fail(InvalidValue, std::string(what) + ": the range is in no device allocation");
}

// Submits work on a range, which a graph may do again when the range is gone.
int submitOn(void* stream, uint64_t address, size_t bytes, uint64_t other, std::function<void()> work) {
  return submit(stream, [=] {
    if (!onDevice(address, bytes) || !onDevice(other, bytes)) {
      return stickyError = fail(IllegalAddress, "a graph copies from or to memory that was freed");
    }
    work();
    return (int)Success;
  });
}

}  // namespace

uint64_t allocate(size_t bytes) {
  if (inUse + bytes > available()) return 0;
  const size_t body = (bytes + page - 1) / page * page;
  const bool guard = settings().guard;
  const size_t mapped = body + (guard ? page : 0);
  void* mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return 0;
  char* start = (char*)mapping;
  if (guard) mprotect(start + body, page, PROT_NONE);
  char* address = guard ? start + body - (bytes + 15) / 16 * 16 : start;
  if (settings().poison && !settings().skip) memset(address, 0xFF, bytes);
  allocations[(uint64_t)address] = {start, mapped, bytes};
  inUse += bytes;
  counters().allocations++;
  return (uint64_t)address;
}

bool release(uint64_t address) {
  const auto found = allocations.find(address);
  if (found == allocations.end()) return false;
  inUse -= found->second.bytes;
  munmap(found->second.mapping, found->second.mapped);
  allocations.erase(found);
  return true;
}

bool onDevice(uint64_t address, size_t bytes) {
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin()) return false;
  --after;
  return address + bytes <= after->first + after->second.bytes;
}

size_t bytesInUse() { return inUse; }

}  // namespace sim

using namespace sim;

CUDASIM_API int cuMemGetInfo_v2(size_t* free, size_t* totalBytes) {
  *totalBytes = total();
  *free = available() - inUse;
  return Success;
}

CUDASIM_API int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  RETURN_STICKY();
  FORBID_IN_CAPTURE("cuMemAlloc");
  if (bytes == 0) return fail(InvalidValue, "cuMemAlloc of 0 bytes");
  *address = allocate(bytes);
  return *address ? Success : fail(OutOfMemory, "cuMemAlloc of " + std::to_string(bytes) + " bytes");
}

CUDASIM_API int cuMemFree_v2(uint64_t address) {
  RETURN_STICKY();
  FORBID_IN_CAPTURE("cuMemFree");
  return release(address) ? Success : fail(InvalidValue, "cuMemFree of an unknown address");
}

CUDASIM_API int cuMemAllocHost_v2(void** address, size_t bytes) {
  return posix_memalign(address, page, bytes) ? OutOfMemory : Success;
}

CUDASIM_API int cuMemFreeHost(void* address) {
  free(address);
  return Success;
}

CUDASIM_API int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, void* stream) {
  RETURN_STICKY();
  if (int r = checkRange(to, bytes, "cuMemcpyHtoDAsync")) return r;
  return submitOn(stream, to, bytes, to, [=] { memcpy((void*)to, from, bytes); });
}

CUDASIM_API int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, void* stream) {
  RETURN_STICKY();
  if (int r = checkRange(from, bytes, "cuMemcpyDtoHAsync")) return r;
  return submitOn(stream, from, bytes, from, [=] { memcpy(to, (void*)from, bytes); });
}

CUDASIM_API int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void* stream) {
  RETURN_STICKY();
  if (int r = checkRange(to, bytes, "cuMemcpyDtoDAsync")) return r;
  if (int r = checkRange(from, bytes, "cuMemcpyDtoDAsync")) return r;
  return submitOn(stream, to, bytes, from, [=] { memmove((void*)to, (void*)from, bytes); });
}

CUDASIM_API int cuMemsetD8Async(uint64_t to, unsigned char value, size_t count, void* stream) {
  RETURN_STICKY();
  if (int r = checkRange(to, count, "cuMemsetD8Async")) return r;
  return submitOn(stream, to, count, to, [=] { memset((void*)to, value, count); });
}

CUDASIM_API int cuMemsetD32Async(uint64_t to, unsigned value, size_t count, void* stream) {
  RETURN_STICKY();
  if (int r = checkRange(to, 4 * count, "cuMemsetD32Async")) return r;
  return submitOn(stream, to, 4 * count, to, [=] {
    unsigned* at = (unsigned*)to;
    for (size_t i = 0; i < count; i++) at[i] = value;
  });
}
