import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The variables of a `.env` file, which stand below those of the environment; none without the file. */
export function readDotEnv(file: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
