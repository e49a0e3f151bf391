export { listAllowedModels, refuseUnlessAllowed } from './allowed-models.ts';
export { createServing } from './create-serving.ts';
export type { Serving, ServingDependencies } from './create-serving.ts';
export type { TokenCounting } from './estimate-prompt.ts';
export { outcomeOf, recordWithoutModel } from './record.ts';
export type { End, RequestRecord } from './record.ts';
export type { Recorder } from './recorder.ts';
export type { CallRecording, ExchangeRecording, RecordedCall } from './recording.ts';
export type { ResponseSink, ServeRequest } from './request.ts';
