/** Something that the backend does not support. The client is told instead of losing it silently. */
export interface Warning {
  /** The path of the field in the client's request, such as `tools.3.strict`. */
  readonly field: string;
  readonly code: 'unsupported' | 'approximated' | 'clamped';
  readonly text: string;
}

/** Collects warnings. The same text for the same field is kept once. */
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
