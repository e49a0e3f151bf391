export type { Limits } from './admit-request.ts';
export type { Facts, Outcome } from './outcome.ts';
export { noFacts } from './outcome.ts';
export { createSealing } from './sealing/create-sealing.ts';
export type { Sealing, SealingScope } from './sealing/create-sealing.ts';
export { serve } from './serve.ts';
export type { ServeDependencies, ServeRequest } from './serve.ts';
export { ReaderGoneError } from './sink.ts';
export type { ResponseSink } from './sink.ts';
