import { isText } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import type { Encoder } from '../../encoder/encoder.ts';
import { asList, asObject } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';

/** Reads what the server found by searching the web for one answer. */
export interface SearchReader {
  read(metadata: JsonValue | undefined): void;
}

/** It says what it searched for and what it found, but not which of the pages by which search: they are told as one. */
export function createSearchReader(encoder: Encoder): SearchReader {
  let isTold = false;
  return {
    read(metadata) {
      const grounding = asObject(metadata);
      if (grounding === undefined) return;
      const [query] = asList(grounding['webSearchQueries']).filter(isText);
      const pages = asList(grounding['groundingChunks']).flatMap((chunk) => {
        const { uri, title } = asObject(asObject(chunk)?.['web']) ?? {};
        if (!isText(uri)) return [];
        return [{ url: textLiteral(uri), title: textLiteral(isText(title) ? title : uri) }];
      });
      if (query === undefined && pages.length === 0) return;
      if (!isTold) encoder.webSearch(query === undefined ? undefined : textLiteral(query));
      isTold = true;
      encoder.webPages(pages);
    },
  };
}
