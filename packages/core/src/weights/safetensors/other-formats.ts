/** A file that is often met in place of safetensors. */
export interface OtherFormat {
  readonly what: string;
  readonly fix: string;
}

const pickle: OtherFormat = {
  what: 'it is a PyTorch pickle, which runs code when it is opened and is never read here',
  fix: 'Convert it in Python: safetensors.torch.save_file(torch.load(path, weights_only=True), "weights.safetensors").',
};
const webPage: OtherFormat = {
  what: 'it is a web page',
  fix: 'Use the address of the raw file, not that of the page that shows it, and check that it needs no sign-in.',
};

/** How such files begin, as Latin-1 in lower case without leading blanks. */
const beginnings: readonly (readonly [string, OtherFormat])[] = [
  ['pk\x03\x04', pickle],
  ...['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'].map((start) => [start, pickle] as const),
  ...['<!doctype', '<html', '<head', '<?xml'].map((start) => [start, webPage] as const),
  [
    'version https://git-lfs',
    { what: 'it is a Git LFS pointer, not the file itself', fix: 'Run git lfs pull, or download the file.' },
  ],
  ['\x89hdf\r\n', { what: 'it is an HDF5 file', fix: 'Convert it to safetensors.' }],
  ['gguf', { what: 'it is a GGUF file', fix: 'Convert it to safetensors.' }],
];

/** Says what a file is whose first eight bytes cannot be the length of a safetensors header. */
export function recogniseOtherFormat(bytes: Uint8Array): OtherFormat | null {
  const start = String.fromCharCode(...bytes.subarray(0, 40))
    .trimStart()
    .toLowerCase();
  return beginnings.find(([beginning]) => start.startsWith(beginning))?.[1] ?? null;
}
