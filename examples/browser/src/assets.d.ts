/** Vite: the address of a file. */
declare module '*?url' {
  const address: string;
  export default address;
}

interface ImportMeta {
  /** Vite: true in what `vite build` makes. */
  readonly env: { readonly PROD: boolean };
}
