// Asks the ops listener of this container whether the process is sound. Images run it as their health check.
import { get } from 'node:http';

// `docker run --env-file` keeps the quotes around a port.
const port = (process.argv[2] ?? '').replaceAll(/["'`]/gu, '');
get({ host: '127.0.0.1', port, path: '/livez', timeout: 2000 }, ({ statusCode }) =>
  process.exit(statusCode === 200 ? 0 : 1),
)
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
