import type { ResponsesCapabilities } from '@ccg/catalog';
import type { Rejections } from '../../failure/rejections.ts';
import type { ToolIds } from '../../tools/tool-ids.ts';
import type { ToolNames } from '../../tools/tool-names.ts';
import type { Sealer } from '../../translation.ts';
import type { Warnings } from '../../warnings.ts';

/** What all converters of a request need. */
export interface ConversionContext {
  readonly capabilities: ResponsesCapabilities;
  /** Named in errors. */
  readonly provider: string;
  readonly warnings: Warnings;
  readonly sealer: Sealer;
  /** What the server rejected before. */
  readonly rejected: Rejections;
  readonly toolNames: ToolNames;
  readonly toolIds: ToolIds;
}
