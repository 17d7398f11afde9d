const kernels = 'every kernel that the tests run compiles for sm_80 and sm_90 without a warning';

/**
 * The tests that may be skipped where skips are forbidden (`GLID_FORBID_SKIPS=1`): full title, and why. They are counted and printed like every
 * skip.
 */
export const allowedSkips = {
  [`${kernels} by NVRTC (needs libnvrtc)`]:
    'NVIDIA alone gives NVRTC away: neither npm nor Debian has it. It is tested where somebody has installed it.',
  [`${kernels} by nvcc (needs nvcc)`]: 'As NVRTC: it is tested where it is on the PATH.',
};

/**
 * What is wrong with a run that skipped `skipped` of the tests `titles`, where skips are forbidden: tests that had to run, and entries above that no
 * test has.
 */
export function wrongSkips(skipped, titles, allowed = allowedSkips) {
  return [
    ...skipped.filter((title) => !(title in allowed)).map((title) => `skipped, but had to run: ${title}`),
    ...Object.keys(allowed)
      .filter((title) => !titles.has(title))
      .map((title) => `allowed to skip, but no test: ${title}`),
  ];
}
