// Runs the threads of one block: one after the other, each on a stack of its own once it has to wait for others.
#pragma once
#include <string>

#include "registers.h"

namespace sim {

using Entry = void (*)(void** parameters);

extern const SimOperations operations;

// `false` and `error` where threads wait for each other for ever. The registers hold the block's index and size.
bool runBlock(SimRegisters* registers, Entry entry, void** parameters, std::string& error);
// After a fault in the middle of a block: forgets its threads. Their stacks are not used again.
void abandonBlock();

}  // namespace sim
