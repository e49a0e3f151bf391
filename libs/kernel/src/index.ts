export { assertNever } from './assert-never.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { errorCatalog } from './errors/catalog.ts';
export type { AnthropicErrorType, ErrorCode, ErrorOwner, RetryAdvice } from './errors/catalog.ts';
export { GatewayError, toGatewayError } from './errors/gateway-error.ts';
export type { GatewayErrorDetails } from './errors/gateway-error.ts';
export { ReaderGoneError } from './errors/reader-gone-error.ts';
export { Secret } from './secret.ts';
