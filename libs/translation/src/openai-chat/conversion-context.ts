import type { ChatCapabilities } from '@ccg/catalog';
import type { Warnings } from '../warnings.ts';

/** What the converters of a request need besides the thing they convert. */
export interface ConversionContext {
  readonly capabilities: ChatCapabilities;
  /** Named in errors. */
  readonly provider: string;
  readonly warnings: Warnings;
}
