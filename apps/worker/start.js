// Plain JavaScript, so that an older Node reaches this check instead of failing on the first TypeScript file.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `Node ${process.versions.node} is too old: version 24.12 or newer is needed.\n` +
      'On Linux, `npm install` brings one: start with `npm run start:worker`. Elsewhere install Node 24.\n',
  );
  process.exit(1);
}

// What one start has compiled the next one reads: it halves the CPU time. NODE_COMPILE_CACHE names another folder.
const { enableCompileCache } = await import('node:module');
enableCompileCache(decodeURIComponent(new URL('../../.cache/compiled', import.meta.url).pathname));

await import('./src/main.ts');
