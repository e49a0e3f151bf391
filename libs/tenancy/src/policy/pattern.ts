/** A text in which `*` stands for any text, also for none. It is compared without regard to case, as names of models are everywhere. */
export interface Pattern {
  /** Takes time in proportion to the name, whatever a client asks for. */
  matches(name: string): boolean;
}

export function createPattern(text: string): Pattern {
  const parts = text.toLowerCase().split('*');
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  return {
    matches(name) {
      const lower = name.toLowerCase();
      if (last === undefined) return lower === first;
      if (!lower.startsWith(first)) return false;
      let at = first.length;
      for (const part of rest) {
        const found = lower.indexOf(part, at);
        if (found === -1) return false;
        at = found + part.length;
      }
      return lower.length - last.length >= at && lower.endsWith(last);
    },
  };
}

/** Whether one of the patterns matches every text. */
export function matchAnything(patterns: readonly string[] | undefined): boolean {
  return patterns?.some((pattern) => /^\*+$/u.test(pattern)) ?? false;
}

/** Whether everything that the narrow pattern matches, the wide one matches too. */
export function covers(wide: string, narrow: string): boolean {
  // A star in the narrow one is a character that only a star can match: it stands for texts that no letter equals.
  return createPattern(wide).matches(narrow.replaceAll('*', anyText));
}

/** No pattern has it: control characters are refused. */
const anyText = '\u0000';
