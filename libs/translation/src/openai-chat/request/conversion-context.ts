import type { ChatCapabilities } from '@ccg/catalog';
import type { ToolIds } from '../../tools/tool-ids.ts';
import type { ToolNames } from '../../tools/tool-names.ts';
import type { Sealer } from '../../translation.ts';
import type { Warnings } from '../../warnings.ts';

/** What the converters of a request need besides the thing they convert. */
export interface ConversionContext {
  readonly capabilities: ChatCapabilities;
  /** Named in errors. */
  readonly provider: string;
  readonly warnings: Warnings;
  readonly sealer: Sealer;
  /** Fields that the backend refused before. */
  readonly rejected: ReadonlySet<string>;
  readonly toolNames: ToolNames;
  readonly toolIds: ToolIds;
}
