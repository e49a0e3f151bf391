import type { OllamaCapabilities } from '@ccg/catalog';
import type { Rejections } from '../../failure/rejections.ts';
import type { ToolIds } from '../../tools/tool-ids.ts';
import type { ToolNames } from '../../tools/tool-names.ts';
import type { Warnings } from '../../warnings.ts';

/** What all converters of a request need. */
export interface ConversionContext {
  readonly capabilities: OllamaCapabilities;
  /** Named in errors. */
  readonly provider: string;
  readonly toolIds: ToolIds;
  readonly toolNames: ToolNames;
  /** What the server rejected before. */
  readonly rejected: Rejections;
  readonly warnings: Warnings;
}
