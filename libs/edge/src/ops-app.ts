import express from 'express';
import type { Metrics } from '@ccg/telemetry';
import { listen } from './listen.ts';
import type { HttpApp } from './listen.ts';

/** `store-down`: Redis is away and every request would be answered with 503. */
export type Readiness = 'starting' | 'ready' | 'store-down' | 'draining';

interface OpsListener {
  readonly url: string;
  /** Ends it at once: nobody waits for a probe. */
  close(this: void): void;
}

/** Serves probes and metrics, for orchestrators and Prometheus; never on the data plane's listener. */
export async function listenForOps(
  { opsHost, opsPort }: { readonly opsHost: string; readonly opsPort: number },
  readiness: () => Readiness,
  metrics: Metrics,
): Promise<OpsListener> {
  const { server, url } = await listen(createOpsApp(readiness, metrics), opsHost, opsPort);
  return {
    url,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function createOpsApp(readiness: () => Readiness, metrics: Metrics): HttpApp {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/livez', (_request, response) => {
    response.json({ status: 'alive' });
  });
  app.get('/readyz', (_request, response) => {
    const status = readiness();
    response.status(status === 'ready' ? 200 : 503).json({ status });
  });
  app.get('/metrics', async (_request, response) => {
    const { contentType, text } = await metrics.expose();
    response.type(contentType).send(text);
  });
  return { handle: app };
}
