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
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = value === undefined ? [] : typeof value === 'string' ? [value] : value;
    return values.map((one) => [name, one] as const);
  });
}
