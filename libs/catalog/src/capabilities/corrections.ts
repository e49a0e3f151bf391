/** The part of a record that an operator states. */
export type Corrections<Type> = { readonly [Key in keyof Type]?: Type[Key] | undefined };

/** Without the members that are undefined: they would hide what stands below them. */
export function definedOf<Type extends object>(stated: Corrections<Type>): Partial<Type> {
  const defined: Partial<Type> = {};
  for (const key in stated) if (stated[key] !== undefined) defined[key] = stated[key];
  return defined;
}
