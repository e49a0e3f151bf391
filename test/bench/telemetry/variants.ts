/** What is measured side by side. */
export const variants = ['untold', 'told', 'traced'] as const;
export type Variant = (typeof variants)[number];

/** Throws for a name that is none. */
export function variantOf(name: string | undefined): Variant {
  const found = variants.find((variant) => variant === name);
  if (found === undefined) throw new Error(`The first argument is one of ${variants.join(', ')}.`);
  return found;
}
