import { isText } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { textLiteral } from '../json-literal.ts';
import type { WebPage } from './block-writer.ts';

/** The pages that an answer cites, by its annotations. */
export function citedPages(annotations: JsonValue | undefined): readonly WebPage[] {
  return asList(annotations).flatMap((value): readonly WebPage[] => {
    const annotation = asObject(value);
    if (asText(annotation?.['type']) !== 'url_citation') return [];
    // Chat completions have a level between.
    const { url, title } = asObject(annotation?.['url_citation']) ?? annotation ?? {};
    if (!isText(url)) return [];
    return [{ url: textLiteral(url), title: isText(title) ? textLiteral(title) : textLiteral(url) }];
  });
}
