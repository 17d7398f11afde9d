// Shared by the files of libcudasim: result codes, settings and the few functions that cross file borders.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#define CUDASIM_API extern "C" __attribute__((visibility("default")))

namespace sim {

// Values of CUresult.
enum Result : int {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  DeviceUnavailable = 46,
  NoDevice = 100,
  InvalidDevice = 101,
  InvalidImage = 200,
  NotFound = 500,
  NotReady = 600,
  EccUncorrectable = 214,
  ContextDestroyed = 709,
  SystemNotReady = 802,
  DriverMismatch = 803,
  IllegalAddress = 700,
  LaunchFailed = 719,
  CaptureUnsupported = 900,
  CaptureInvalidated = 901,
};

// Read from CUDASIM_<NAME> at start, changed by cudasimSet.
struct Settings {
  int order = 0;        // threads: 0 ascending, 1 descending, n > 1 scrambled with stride n
  int guard = 1;        // a page without access behind every allocation
  int poison = 1;       // new device and shared memory is filled with NaN
  int skip = 0;         // kernels and products are not run: measures the host side alone
  int memoryMiB = 4096; // of the device
  int devices = 1;
  int driver = 13000;   // version
  int init = 0;         // what cuInit returns
  int exclusive = 0;    // 1: another process holds the device and it serves one only
  int othersMiB = 0;    // memory that other processes hold
  int pending = 0;      // how many queries of an event answer "not ready"
};
Settings& settings();

// The error that a fault leaves behind: every later call returns it, as on a device, until cudasimReset.
extern int stickyError;
int fail(int code, const std::string& message);
const std::string& lastMessage();

// memory.cpp
uint64_t allocate(size_t bytes);
bool release(uint64_t address);
bool onDevice(uint64_t address, size_t bytes);
size_t bytesInUse();

// streams.cpp: runs `work` now, or records it where `stream` captures.
int submit(void* stream, std::function<int()> work);
bool anyCapture();
// A call that a capture cannot hold: refuses it and breaks the capture, whose end then fails too.
int breakCapture(const char* what);
bool capturing(void* stream);

// counters for tests
struct Counters {
  uint64_t launches = 0, products = 0, compiles = 0, cacheHits = 0, allocations = 0;
};
Counters& counters();

}  // namespace sim

#define RETURN_STICKY() \
  if (sim::stickyError) return sim::stickyError
#define FORBID_IN_CAPTURE(what) \
  if (sim::anyCapture()) return sim::breakCapture(what)
