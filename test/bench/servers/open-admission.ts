import type { Admission } from '@ccg/admission';

export * from '@ccg/admission';

/** Stands in the place of the product's, to show what that one costs: it lets everybody in and keeps nothing. */
export function createAdmission(): Admission {
  const reservation = { watch() {}, settle: () => Promise.resolve() };
  const admitted = { kind: 'admitted', by: 'no-limit', states: [], shadowed: [], reservation } as const;
  return { admit: () => Promise.resolve(admitted), flush: () => Promise.resolve(), waiting: () => 0, recheck() {} };
}
