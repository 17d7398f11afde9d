// NCCL between processes that each run a simulator: they meet in a file of shared memory and sum in the order of their ranks.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>
#include <thread>

#include "cudasim.h"

using namespace sim;

namespace {

enum NcclResult { NcclSuccess = 0, CudaError = 1, SystemError = 2, InvalidArgument = 4, InvalidUsage = 5, RemoteError = 6 };
constexpr int float32 = 7, sumOperation = 0;
constexpr int mostRanks = 16;
constexpr size_t chunk = 1 << 18;  // floats a rank and turn
constexpr auto patience = std::chrono::seconds(60);

struct UniqueId {
  char internal[128];
};

struct Meeting {
  std::atomic<unsigned> arrived, generation;
  struct Call {
    int kind, root;
    size_t count;
  } calls[mostRanks];
  float values[mostRanks][chunk];
};

struct Communicator {
  int rank, ranks;
  Meeting* meeting;
};

std::string lastError;

int refuse(int code, const std::string& what) {
  lastError = what;
  return code;
}

// Waits for all ranks; false where one does not come.
bool meet(const Communicator& c) {
  Meeting& m = *c.meeting;
  const unsigned generation = m.generation.load();
  if (m.arrived.fetch_add(1) + 1 == (unsigned)c.ranks) {
    m.arrived = 0;
    m.generation++;
    return true;
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int turn = 0; m.generation.load() == generation; turn++) {
    if (turn < 100) std::this_thread::yield();
    else std::this_thread::sleep_for(std::chrono::microseconds(200));
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

enum Kind { Sum = 1, Broadcast = 2 };

int exchange(const Communicator& c, Kind kind, int root, const float* from, float* to, size_t count) {
  Meeting& m = *c.meeting;
  m.calls[c.rank] = {kind, root, count};
  if (!meet(c)) return refuse(RemoteError, "a rank did not come");
  for (int r = 0; r < c.ranks; r++) {
    const Meeting::Call& other = m.calls[r];
    if (other.kind != kind || other.root != root || other.count != count) {
      return refuse(InvalidUsage, "the ranks made different calls");
    }
  }
  for (size_t at = 0; at < count || at == 0; at += chunk) {
    const size_t n = count - at < chunk ? count - at : chunk;
    memcpy(m.values[c.rank], from + at, 4 * n);
    if (!meet(c)) return refuse(RemoteError, "a rank did not come");
    if (kind == Broadcast) {
      memcpy(to + at, m.values[root], 4 * n);
    } else {
      for (size_t i = 0; i < n; i++) {
        float total = m.values[0][i];
        for (int r = 1; r < c.ranks; r++) total += m.values[r][i];
        to[at + i] = total;
      }
    }
    if (!meet(c)) return refuse(RemoteError, "a rank did not come");
  }
  return NcclSuccess;
}

int enqueue(Communicator* c, Kind kind, int root, const void* from, void* to, size_t count, int type, void* stream) {
  if (stickyError) return refuse(CudaError, "the device is lost");
  if (type != float32) return refuse(InvalidArgument, "only ncclFloat32 is simulated");
  if (root < 0 || root >= c->ranks) return refuse(InvalidArgument, "no such root");
  if (!onDevice((uint64_t)from, 4 * count) || !onDevice((uint64_t)to, 4 * count)) {
    return refuse(InvalidArgument, "a buffer lies outside device memory");
  }
  counters().launches++;
  return submit(stream, [=] {
    if (settings().skip) return (int)NcclSuccess;
    return exchange(*c, kind, root, (const float*)from, (float*)to, count);
  });
}

}  // namespace

CUDASIM_API int ncclGetVersion(int* version) {
  *version = 23007;
  return NcclSuccess;
}

CUDASIM_API int ncclGetUniqueId(UniqueId* id) {
  std::random_device random;
  memset(id, 0, sizeof *id);
  snprintf(id->internal, sizeof id->internal, "cudasim-nccl-%08x%08x", random(), random());
  return NcclSuccess;
}

CUDASIM_API int ncclCommInitRank(Communicator** out, int ranks, UniqueId id, int rank) {
  if (ranks < 1 || ranks > mostRanks || rank < 0 || rank >= ranks || strncmp(id.internal, "cudasim-nccl-", 13) != 0) {
    return refuse(InvalidArgument, "rank, number of ranks or unique id");
  }
  const std::string path = std::string("/dev/shm/") + id.internal;
  const int file = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  // Every rank gives the file the same length: new bytes are zero, old ones stay.
  if (file < 0 || ftruncate(file, sizeof(Meeting)) != 0) return refuse(SystemError, "shared memory " + path);
  void* memory = mmap(nullptr, sizeof(Meeting), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return refuse(SystemError, "mapping " + path);
  Communicator* c = new Communicator{rank, ranks, (Meeting*)memory};
  const bool complete = meet(*c);
  unlink(path.c_str());
  if (!complete) return refuse(RemoteError, "a rank did not come");
  *out = c;
  return NcclSuccess;
}

CUDASIM_API int ncclCommDestroy(Communicator* c) {
  munmap(c->meeting, sizeof(Meeting));
  delete c;
  return NcclSuccess;
}

CUDASIM_API int ncclAllReduce(const void* from, void* to, size_t count, int type, int operation, Communicator* c,
                              void* stream) {
  if (operation != sumOperation) return refuse(InvalidArgument, "only ncclSum is simulated");
  return enqueue(c, Sum, 0, from, to, count, type, stream);
}

CUDASIM_API int ncclBroadcast(const void* from, void* to, size_t count, int type, int root, Communicator* c,
                              void* stream) {
  return enqueue(c, Broadcast, root, from, to, count, type, stream);
}

CUDASIM_API const char* ncclGetErrorString(int code) {
  switch (code) {
    case NcclSuccess: return "no error";
    case CudaError: return "unhandled cuda error";
    case SystemError: return "unhandled system error";
    case InvalidArgument: return "invalid argument";
    case InvalidUsage: return "invalid usage";
    case RemoteError: return "remote process exited or there was a network error";
    default: return "unknown result code";
  }
}

CUDASIM_API const char* ncclGetLastError(Communicator*) { return lastError.c_str(); }
