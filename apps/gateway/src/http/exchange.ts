import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import type { Principal } from '@ccg/tenancy';
import type { Outcome } from '@ccg/serving';
import type { HeaderList } from '@ccg/wire';
import type { ParsedTarget } from './parse-target.ts';

/** One request and its response, with what was read off it on arrival. */
export interface Exchange {
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly target: ParsedTarget;
  readonly request: Request;
  readonly response: Response;
}

interface EndpointBase {
  /** The label in metrics and logs. */
  readonly name: string;
  readonly path: string;
  readonly methods: readonly string[];
}

/** Whether a credential is needed is a property of the endpoint, so that no URL can talk its way around it. */
export type Endpoint =
  | (EndpointBase & { readonly access: 'public'; handle(exchange: Exchange): Promise<Outcome> })
  | (EndpointBase & {
      readonly access: 'principal';
      handle(exchange: Exchange, principal: Principal): Promise<Outcome>;
    });

/** The client's headers with lower-case names; of a repeated header, every value. */
export function headerList(headers: IncomingHttpHeaders): HeaderList {
  const list: (readonly [string, string])[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') list.push([name, value]);
    else for (const one of value ?? []) list.push([name, one]);
  }
  return list;
}
