// Plain JavaScript, so that an old Node says what is wrong instead of failing on the first TypeScript file.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `Node ${process.versions.node} is too old: version 24.12 or newer is needed. ` +
      'Start through npm in the repository, which brings its own Node on Linux, or install Node 24.',
  );
  process.exit(1);
}
await import('./src/main.ts');
