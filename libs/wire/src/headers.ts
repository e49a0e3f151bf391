/** HTTP headers in order, names in lower case; a name may come more than once. */
export type HeaderList = readonly (readonly [name: string, value: string])[];
