// NVRTC: the kernel's text, a little rewritten, goes through g++. Compiled kernels are kept by the hash of all that made them.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <vector>

#include "cudasim.h"

using namespace sim;

namespace {

enum { NvrtcSuccess = 0, NvrtcInvalidProgram = 4, NvrtcInvalidOption = 5, NvrtcCompilation = 6 };

struct Program {
  std::string source, name, log, image;
};

std::string readFile(const std::string& path) {
  std::string text;
  FILE* file = fopen(path.c_str(), "rb");
  if (!file) return text;
  char buffer[1 << 16];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  fclose(file);
  return text;
}

const std::string folder = CUDASIM_NATIVE_FOLDER;
const std::string& shim() {
  static const std::string text = readFile(folder + "/device.h") + readFile(folder + "/registers.h");
  return text;
}

uint64_t fnv1a(const std::string& text, uint64_t hash = 1469598103934665603ull) {
  for (unsigned char c : text) hash = (hash ^ c) * 1099511628211ull;
  return hash;
}

std::string setting(const char* name, const std::string& otherwise) {
  const char* value = getenv(name);
  return value && *value ? value : otherwise;
}

// Dynamic shared memory becomes a pointer, kernels become plain functions with an entry each.
std::string translate(const Program& program) {
  static const std::regex dynamicShared(R"(extern\s+__shared__\s+([\w ]+?)\s+(\w+)\s*\[\s*\]\s*;)");
  static const std::regex linkage(R"(extern\s+"C"\s+__global__)");
  static const std::regex kernel(R"(__global__\s+void\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?(\w+)\s*\()");
  std::string text = std::regex_replace(program.source, dynamicShared, "$1* $2 = ($1*)sim_registers.dynamicShared;");
  text = std::regex_replace(text, linkage, "__global__");
  std::string entries = "\nCUDASIM_MODULE()\n";
  for (std::sregex_iterator i(text.begin(), text.end(), kernel), end; i != end; ++i) {
    entries += "CUDASIM_ENTRY(" + (*i)[1].str() + ")\n";
  }
  return "#line 1 \"" + program.name + "\"\n" + text + entries;
}

// What NVRTC takes: architecture, language standard, and definitions, which are handed on.
bool readOptions(int count, const char* const* options, std::string& definitions) {
  for (int i = 0; i < count; i++) {
    const std::string option = options[i];
    if (option.rfind("-D", 0) == 0) {
      definitions += " " + option;
    } else if (option.rfind("--gpu-architecture=sm_", 0) != 0 && option.rfind("--std=c++", 0) != 0 &&
               option != "-default-device") {
      return false;
    }
  }
  return true;
}

}  // namespace

CUDASIM_API int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return NvrtcSuccess;
}

CUDASIM_API const char* nvrtcGetErrorString(int error) {
  return error == NvrtcCompilation ? "NVRTC_ERROR_COMPILATION" : error ? "NVRTC_ERROR" : "NVRTC_SUCCESS";
}

CUDASIM_API int nvrtcCreateProgram(void** out, const char* source, const char* name, int, const char* const*,
                                   const char* const*) {
  *out = new Program{source, name ? name : "kernel.cu", "", ""};
  return NvrtcSuccess;
}

CUDASIM_API int nvrtcDestroyProgram(void** program) {
  delete (Program*)*program;
  *program = nullptr;
  return NvrtcSuccess;
}

CUDASIM_API int nvrtcCompileProgram(void* handle, int count, const char* const* options) {
  Program& program = *(Program*)handle;
  std::string definitions;
  if (!readOptions(count, options, definitions)) return NvrtcInvalidOption;
  const std::string compiler = setting("CUDASIM_CXX", "g++");
  const std::string flags = std::string(" -std=c++17 -shared -fPIC -fvisibility=hidden -fno-exceptions -fno-math-errno") +
                            " -Wunused-variable -Wunused-but-set-variable -Wreturn-type -Wuninitialized -Werror " +
                            setting("CUDASIM_OPTIMISE", "-O2") + definitions;
  const std::string text = translate(program);
  const std::string cache = setting("CUDASIM_CACHE", CUDASIM_CACHE_FOLDER);
  mkdir(cache.c_str(), 0777);
  char hash[40];
  snprintf(hash, sizeof hash, "%016lx", (unsigned long)fnv1a(compiler + flags + text, fnv1a(shim())));
  const std::string base = cache + "/" + hash, library = base + ".so";
  if (access(library.c_str(), R_OK) == 0) {
    counters().cacheHits++;
  } else {
    counters().compiles++;
    const std::string own = base + "." + std::to_string(getpid()), source = own + ".cpp", log = own + ".log";
    FILE* file = fopen(source.c_str(), "wb");
    if (!file) {
      program.log = "cannot write " + source;
      return NvrtcCompilation;
    }
    fwrite(text.data(), 1, text.size(), file);
    fclose(file);
    const std::string command = compiler + flags + " -include '" + folder + "/device.h' '" + source + "' -o '" + own +
                                ".so' >'" + log + "' 2>&1";
    const int code = system(command.c_str());
    program.log = readFile(log);
    unlink(log.c_str());
    unlink(source.c_str());
    if (code != 0) return NvrtcCompilation;
    rename((own + ".so").c_str(), library.c_str());
  }
  program.image = "CUDASIM1\n" + library + "\n";
  return NvrtcSuccess;
}

CUDASIM_API int nvrtcGetProgramLogSize(void* program, size_t* bytes) {
  *bytes = ((Program*)program)->log.size() + 1;
  return NvrtcSuccess;
}

CUDASIM_API int nvrtcGetProgramLog(void* program, char* to) {
  strcpy(to, ((Program*)program)->log.c_str());
  return NvrtcSuccess;
}

CUDASIM_API int nvrtcGetCUBINSize(void* program, size_t* bytes) {
  *bytes = ((Program*)program)->image.size() + 1;
  return *bytes > 1 ? NvrtcSuccess : NvrtcInvalidProgram;
}

CUDASIM_API int nvrtcGetCUBIN(void* program, char* to) {
  strcpy(to, ((Program*)program)->image.c_str());
  return NvrtcSuccess;
}
