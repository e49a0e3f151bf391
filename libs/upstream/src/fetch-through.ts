import { fetch } from 'undici';
import type { Dispatcher } from 'undici';
import type { Fetch } from './google-tokens.ts';

/** A `fetch` whose requests go the way of a dispatcher. Answers are read whole: they are small. */
export function fetchThrough(dispatcher: () => Dispatcher): Fetch {
  return async (url, { method = 'GET', headers, body, signal }) => {
    const answer = await fetch(url, {
      dispatcher: dispatcher(),
      method,
      headers: [...new Headers(headers)],
      redirect: 'error',
      ...(typeof body === 'string' || body instanceof URLSearchParams ? { body: String(body) } : {}),
      ...(signal === null || signal === undefined ? {} : { signal }),
    });
    return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers] });
  };
}
