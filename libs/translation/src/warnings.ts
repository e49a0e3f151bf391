import type { Warning } from './warning.ts';

/** Collects what the backend cannot do; the same sentence on the same field counts once. */
export interface Warnings {
  add(field: string, code: Warning['code'], text: string): void;
  list(): readonly Warning[];
}

export function createWarnings(): Warnings {
  const warnings = new Map<string, Warning>();
  return {
    add(field, code, text) {
      const key = `${field}\n${text}`;
      if (!warnings.has(key)) warnings.set(key, { field, code, text });
    },
    list: () => [...warnings.values()],
  };
}
