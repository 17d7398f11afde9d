export const allowedSkips: Readonly<Record<string, string>>;
export function wrongSkips(
  skipped: readonly string[],
  titles: ReadonlySet<string>,
  allowed?: Readonly<Record<string, string>>,
): string[];
