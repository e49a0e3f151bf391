import { debianProgram } from '../debian-program.ts';

/** A server's binary: one on PATH, else Debian's package is installed where that does no harm. Gives undefined when neither works. */
export function redisBinary(searchPath?: string): string | undefined {
  return debianProgram({ names: ['redis-server', 'valkey-server'], package: 'redis-server' }, searchPath);
}

/** The same, for a test that cannot do without. */
export function requireRedisBinary(): string {
  const binary = redisBinary();
  if (binary === undefined) throw new Error('This test needs a Redis of its own: apt-get install redis-server.');
  return binary;
}
