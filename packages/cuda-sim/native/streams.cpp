// Streams, events, capture and graphs. Work runs at once, in the order it is submitted.
#include <vector>

#include "cudasim.h"

namespace sim {
namespace {

struct Graph {
  std::vector<std::function<int()>> work;
};
struct Stream {
  Graph* capture = nullptr;
};
struct Event {
  int pending = 0;
};

Stream legacyStream;
int captures = 0;
bool broken = false;

// Handles 0 to 2 name the legacy and per-thread default streams.
bool isLegacy(void* handle) { return (uintptr_t)handle <= 2; }
Stream* streamOf(void* handle) { return isLegacy(handle) ? &legacyStream : (Stream*)handle; }

}  // namespace

int submit(void* handle, std::function<int()> work) {
  Stream* stream = streamOf(handle);
  if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
    return Success;
  }
  if (captures && isLegacy(handle)) {
    return breakCapture("work on the legacy default stream");
  }
  return work();
}

bool anyCapture() { return captures > 0; }

int breakCapture(const char* what) {
  broken = true;
  return fail(CaptureUnsupported, std::string(what) + " during stream capture");
}

bool capturing(void* stream) { return streamOf(stream)->capture != nullptr; }

}  // namespace sim

using namespace sim;

CUDASIM_API int cuStreamCreate(void** stream, unsigned) {
  RETURN_STICKY();
  *stream = new Stream();
  return Success;
}

CUDASIM_API int cuStreamDestroy_v2(void* stream) {
  delete (Stream*)stream;
  return Success;
}

CUDASIM_API int cuStreamSynchronize(void* stream) {
  if (capturing(stream)) return breakCapture("cuStreamSynchronize");
  return stickyError;
}

CUDASIM_API int cuStreamWaitEvent(void*, void*, unsigned) { return stickyError; }

CUDASIM_API int cuEventCreate(void** event, unsigned) {
  RETURN_STICKY();
  *event = new Event();
  return Success;
}

CUDASIM_API int cuEventDestroy_v2(void* event) {
  delete (Event*)event;
  return Success;
}

CUDASIM_API int cuEventRecord(void* event, void* stream) {
  RETURN_STICKY();
  return submit(stream, [=] {
    ((Event*)event)->pending = settings().pending;
    return Success;
  });
}

CUDASIM_API int cuEventQuery(void* handle) {
  RETURN_STICKY();
  Event* event = (Event*)handle;
  if (event->pending == 0) return Success;
  event->pending--;
  return NotReady;
}

CUDASIM_API int cuEventSynchronize(void*) { return stickyError; }

CUDASIM_API int cuStreamBeginCapture_v2(void* handle, int) {
  RETURN_STICKY();
  if (isLegacy(handle)) return fail(CaptureUnsupported, "capture of the legacy stream");
  Stream* stream = (Stream*)handle;
  if (stream->capture) return fail(CaptureUnsupported, "the stream captures already");
  stream->capture = new Graph();
  broken = false;
  captures++;
  return Success;
}

CUDASIM_API int cuStreamEndCapture(void* handle, void** graph) {
  Stream* stream = streamOf(handle);
  if (!stream->capture) return fail(InvalidValue, "the stream does not capture");
  *graph = broken ? nullptr : stream->capture;
  if (broken) delete stream->capture;
  stream->capture = nullptr;
  captures--;
  return broken ? fail(CaptureInvalidated, "the capture was broken by an earlier call") : (int)Success;
}

CUDASIM_API int cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
  *executable = new Graph(*(Graph*)graph);
  return Success;
}

CUDASIM_API int cuGraphLaunch(void* executable, void*) {
  RETURN_STICKY();
  if (settings().skip) return Success;
  for (auto& work : ((Graph*)executable)->work) {
    if (int r = work()) return r;
  }
  return Success;
}

CUDASIM_API int cuGraphGetNodes(void* graph, void**, size_t* count) {
  *count = ((Graph*)graph)->work.size();
  return Success;
}

CUDASIM_API int cuGraphDestroy(void* graph) {
  delete (Graph*)graph;
  return Success;
}

CUDASIM_API int cuGraphExecDestroy(void* executable) {
  delete (Graph*)executable;
  return Success;
}
