export { callErrorToGatewayError, UpstreamCallError } from './call-error.ts';
export type { CallFailureKind } from './call-error.ts';
export { createUpstream, readableResponse } from './create-upstream.ts';
export type { UpstreamCall } from './compose-call.ts';
export type { Upstream, UpstreamResponse } from './create-upstream.ts';
export type { ChunkReceiver, UpstreamBody } from './response-body.ts';
export { createBodyCheck, describeFinding, findInAnswer, findInHead, wrongBaseUrlError } from './wrong-base-url.ts';
export type { BaseUrlFinding } from './wrong-base-url.ts';
export type { UpstreamOptions, UpstreamProxy } from './upstream-options.ts';
