#include "fibres.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

// Saves the callee-saved registers and the stack pointer, and goes on with those of another fibre.
extern "C" void cudasim_switch(void** savedStack, void* nextStack);

#if defined(__x86_64__)
asm(R"(.text
.globl cudasim_switch
.hidden cudasim_switch
.type cudasim_switch,@function
cudasim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");
static void* prepareStack(char* top, void (*function)()) {
  uint64_t* stack = (uint64_t*)((uintptr_t)top & ~(uintptr_t)15);
  *--stack = 0;
  *--stack = (uint64_t)function;
  for (int i = 0; i < 6; i++) *--stack = 0;
  return stack;
}
#elif defined(__aarch64__)
asm(R"(.text
.globl cudasim_switch
.hidden cudasim_switch
cudasim_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
)");
static void* prepareStack(char* top, void (*function)()) {
  uint64_t* stack = (uint64_t*)((uintptr_t)top & ~(uintptr_t)15) - 20;
  memset(stack, 0, 160);
  stack[11] = (uint64_t)function;
  return stack;
}
#else
#error "the simulator knows x86-64 and aarch64"
#endif

namespace sim {
namespace {

constexpr size_t stackBytes = 64 << 10;
constexpr size_t page = 4096;

enum class State { Running, AtBarrier, AtWarp, Finished };

struct Fibre {
  void* stack;
  char* memory;
  size_t colour;  // staggers the stacks, which would otherwise share cache lines
  unsigned thread;
  uint3 threadIdx;
  State state;
  unsigned phase;  // of the barrier or warp it waits for
};

struct Warp {
  unsigned phase = 0, arrived = 0;
  unsigned long values[2][32];
};

SimRegisters* registers;
Entry entry;
void** parameters;
std::vector<Fibre*> idle, waiting;
std::vector<Warp> warps;
Fibre* current;
void* schedulerStack;
unsigned barrierPhase, barrierArrived;

void runThreads() {
  for (;;) {
    entry(parameters);
    current->state = State::Finished;
    cudasim_switch(&current->stack, schedulerStack);
  }
}

Fibre* takeFibre() {
  Fibre* fibre;
  if (!idle.empty()) {
    fibre = idle.back();
    idle.pop_back();
  } else {
    static size_t made = 0;
    fibre = new Fibre();
    fibre->colour = made++ * 320 % 16384;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    fibre->memory = (char*)mmap(nullptr, stackBytes + page, PROT_READ | PROT_WRITE, flags, -1, 0);
    mprotect(fibre->memory, page, PROT_NONE);
  }
  fibre->stack = prepareStack(fibre->memory + page + stackBytes - fibre->colour, runThreads);
  fibre->state = State::Running;
  return fibre;
}

void resume(Fibre* fibre) {
  current = fibre;
  cudasim_switch(&schedulerStack, fibre->stack);
}

void wait(State state, unsigned phase) {
  Fibre* fibre = current;
  fibre->state = state;
  fibre->phase = phase;
  fibre->thread = registers->thread;
  fibre->threadIdx = registers->threadIdx;
  cudasim_switch(&fibre->stack, schedulerStack);
  registers->thread = fibre->thread;
  registers->threadIdx = fibre->threadIdx;
}

void blockBarrier() {
  if (++barrierArrived == registers->threads) {
    barrierArrived = 0;
    barrierPhase++;
    return;
  }
  wait(State::AtBarrier, barrierPhase);
}

unsigned long* warpExchange(unsigned mask, unsigned long value) {
  const unsigned first = registers->thread & ~31u, lane = registers->thread & 31u;
  Warp& warp = warps[registers->thread >> 5];
  unsigned long* values = warp.values[warp.phase & 1];
  values[lane] = value;
  const unsigned left = registers->threads - first;
  const unsigned present = left >= 32 ? 0xffffffffu : (1u << left) - 1;
  const unsigned needed = mask & present;
  warp.arrived |= 1u << lane;
  if ((warp.arrived & needed) == needed) {
    warp.arrived = 0;
    warp.phase++;
  } else {
    wait(State::AtWarp, warp.phase);
  }
  return values;
}

bool ready(const Fibre* fibre) {
  if (fibre->state == State::AtBarrier) return barrierPhase != fibre->phase;
  return warps[fibre->thread >> 5].phase != fibre->phase;
}

std::string describeDeadlock() {
  unsigned atBarrier = 0;
  for (const Fibre* fibre : waiting) atBarrier += fibre->state == State::AtBarrier;
  const uint3 block = registers->blockIdx;
  char text[200];
  snprintf(text, sizeof text,
           "divergent barrier in block (%u, %u, %u): %u threads wait at __syncthreads, %u at a warp operation, of %u",
           block.x, block.y, block.z, atBarrier, (unsigned)waiting.size() - atBarrier, registers->threads);
  return text;
}

}  // namespace

const SimOperations operations = {blockBarrier, warpExchange};

void abandonBlock() { waiting.clear(); }

bool runBlock(SimRegisters* blockRegisters, Entry kernel, void** arguments, std::string& error) {
  registers = blockRegisters;
  entry = kernel;
  parameters = arguments;
  registers->next = registers->done = 0;
  barrierPhase = barrierArrived = 0;
  warps.resize((registers->threads + 31) / 32);
  for (Warp& warp : warps) warp.phase = warp.arrived = 0;

  // A fibre starts thread after thread until one has to wait; that one keeps the fibre.
  while (registers->next < registers->threads) {
    Fibre* fibre = takeFibre();
    resume(fibre);
    (fibre->state == State::Finished ? idle : waiting).push_back(fibre);
  }
  while (!waiting.empty()) {
    bool progress = false;
    size_t kept = 0;
    for (size_t i = 0; i < waiting.size(); i++) {
      Fibre* fibre = waiting[i];
      if (ready(fibre)) {
        progress = true;
        fibre->state = State::Running;
        registers->thread = fibre->thread;
        registers->threadIdx = fibre->threadIdx;
        resume(fibre);
      }
      if (fibre->state == State::Finished) {
        idle.push_back(fibre);
      } else {
        waiting[kept++] = fibre;
      }
    }
    waiting.resize(kept);
    if (progress) continue;
    // A barrier waits for the threads that have not exited.
    if (barrierArrived > 0 && barrierArrived + registers->done == registers->threads) {
      barrierArrived = 0;
      barrierPhase++;
      continue;
    }
    error = describeDeadlock();
    idle.insert(idle.end(), waiting.begin(), waiting.end());
    waiting.clear();
    return false;
  }
  return true;
}

}  // namespace sim
