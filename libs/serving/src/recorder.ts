import type { ExchangeRecording } from './recording.ts';
import type { ServeRequest } from './request.ts';
import type { Serve } from './serve.ts';

/** Keeps whole exchanges, so that a fault can be replayed. Like a recording, it never throws and never waits. */
export interface Recorder {
  begin(request: ServeRequest): ExchangeRecording;
}

/** Serves as before, and records every request. */
export function withRecorder(serve: Serve, recorder: Recorder): Serve {
  return async (request, sink) => {
    const recording = recorder.begin(request);
    const takeBody = () => {
      const body = request.takeBody();
      recording.received(body);
      return body;
    };
    const record = await serve({ ...request, takeBody, recording }, sink);
    recording.ended(record);
    return record;
  };
}
