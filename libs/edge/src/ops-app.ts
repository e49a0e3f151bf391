import express from 'express';
import type { Metrics } from '@ccg/telemetry';
import type { HttpApp } from './listen.ts';

/** `store-down`: Redis is away and every request would be answered with 503. */
export type Readiness = 'starting' | 'ready' | 'store-down' | 'draining';

/** Probes and metrics, for orchestrators and Prometheus; never on the data plane's listener. */
export function createOpsApp(readiness: () => Readiness, metrics: Metrics): HttpApp {
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
