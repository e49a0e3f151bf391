import type { AnthropicCapabilities } from '@ccg/catalog';
import type { Rejections } from '../failure/rejections.ts';
import type { ToolIds } from '../tools/tool-ids.ts';
import type { ToolNames } from '../tools/tool-names.ts';
import type { Sealer } from '../translation.ts';
import type { Warnings } from '../warnings.ts';

/** What all converters of a request need. */
export interface CompatibleContext {
  readonly capabilities: AnthropicCapabilities;
  /** Named in errors. */
  readonly provider: string;
  readonly ids: ToolIds;
  readonly names: ToolNames;
  /** What the server rejected before. */
  readonly rejected: Rejections;
  /** Opens the signatures of this server's own reasoning. */
  readonly sealer: Sealer;
  readonly warnings: Warnings;
}
