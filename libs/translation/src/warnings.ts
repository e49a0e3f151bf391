import type { Warning } from './warning.ts';

/** Collects what the backend cannot do; the same sentence on the same field counts once. */
export interface Warnings {
  add(field: string, code: Warning['code'], text: string): void;
  list(): readonly Warning[];
}

export function createWarnings(): Warnings {
  const warnings: Warning[] = [];
  return {
    add(field, code, text) {
      if (warnings.every((warning) => warning.field !== field || warning.text !== text)) {
        warnings.push({ field, code, text });
      }
    },
    list: () => warnings,
  };
}
