import { GatewayError } from '@ccg/kernel';

/** A 400 that names the field by its path, such as `messages.3.content`, and says what it should be. */
export function fieldError(path: string, problem: string): GatewayError {
  return new GatewayError('request-invalid', `${path}: ${problem}`);
}
