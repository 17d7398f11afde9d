// Settings, the sticky error, and the functions that tests call.
#include <cstdlib>
#include <cstring>

#include "cudasim.h"

namespace sim {

int stickyError = Success;

namespace {
std::string message;

struct Name {
  const char* name;
  int Settings::* field;
};
const Name names[] = {
    {"ORDER", &Settings::order},   {"GUARD", &Settings::guard},         {"POISON", &Settings::poison},
    {"SKIP", &Settings::skip},     {"MEMORY_MIB", &Settings::memoryMiB}, {"DEVICES", &Settings::devices},
    {"DRIVER", &Settings::driver}, {"PENDING", &Settings::pending},
    {"INIT", &Settings::init},     {"EXCLUSIVE", &Settings::exclusive},   {"OTHERS_MIB", &Settings::othersMiB},
};

Settings fromEnvironment() {
  Settings settings;
  for (const Name& entry : names) {
    const char* value = getenv((std::string("CUDASIM_") + entry.name).c_str());
    if (value && *value) settings.*entry.field = atoi(value);
  }
  return settings;
}
}  // namespace

Settings& settings() {
  static Settings instance = fromEnvironment();
  return instance;
}

Counters& counters() {
  static Counters instance;
  return instance;
}

int fail(int code, const std::string& what) {
  message = what;
  return code;
}

const std::string& lastMessage() { return message; }

}  // namespace sim

// 0, or -1 for an unknown name.
CUDASIM_API int cudasimSet(const char* name, int value) {
  for (const sim::Name& entry : sim::names) {
    if (strcmp(entry.name, name) != 0) continue;
    sim::settings().*entry.field = value;
    return 0;
  }
  return -1;
}

// Forgets a fault, as a fresh process would.
CUDASIM_API int cudasimReset() {
  sim::stickyError = sim::Success;
  return 0;
}

// The device is lost, as by a reset or a fault of its memory: every later call returns `code`.
CUDASIM_API int cudasimLose(int code) {
  sim::stickyError = sim::fail(code, "the device was lost");
  return 0;
}

CUDASIM_API const char* cudasimMessage() { return sim::lastMessage().c_str(); }

// launches, matrix products, compilations, compilations found in the cache, allocations, bytes in use
CUDASIM_API int cudasimCounters(uint64_t* out) {
  const sim::Counters& c = sim::counters();
  const uint64_t values[] = {c.launches, c.products, c.compiles, c.cacheHits, c.allocations, sim::bytesInUse()};
  memcpy(out, values, sizeof values);
  return 0;
}
