import { parseSync } from 'vite';
import type { SourceFile } from './source-files.ts';

/** Comments that silence a tool and do not say why: `oxlint-disable-next-line rule -- the reason` is how. */
export function findDisablesWithoutReason(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    parseSync(file.path, file.source)
      .comments.map(({ value }) => value.trim())
      .filter((comment) => /^(oxlint|eslint|oxfmt|prettier|knip|v8|istanbul)[ -](disable|ignore)/.test(comment))
      .filter((comment) => !/ -- \S+ \S+/.test(comment))
      .map((comment) => `${file.path}: ${comment}`),
  );
}
