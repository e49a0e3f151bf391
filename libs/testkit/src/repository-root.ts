import { fileURLToPath } from 'node:url';

/** The root folder of this repository, with a trailing slash. */
export const repositoryRoot: string = fileURLToPath(new URL('../../../', import.meta.url));
