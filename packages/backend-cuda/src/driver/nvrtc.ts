/** NVRTC, the run-time compiler. */
export const nvrtcTable = {
  nvrtcVersion: ['buffer', 'buffer'],
  nvrtcCreateProgram: ['buffer', 'string', 'string', 'i32', 'u64', 'u64'],
  nvrtcDestroyProgram: ['buffer'],
  nvrtcCompileProgram: ['u64', 'i32', 'strings'],
  nvrtcGetProgramLogSize: ['u64', 'buffer'],
  nvrtcGetProgramLog: ['u64', 'buffer'],
  nvrtcGetCUBINSize: ['u64', 'buffer'],
  nvrtcGetCUBIN: ['u64', 'buffer'],
} as const;
