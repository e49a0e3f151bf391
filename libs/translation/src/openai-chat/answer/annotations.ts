import { isText } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { WebPage } from '../../encoder/web-searches.ts';
import { asList, asObject, asText } from '../../json-fields.ts';
import { textLiteral } from '../../json-literal.ts';

/** The pages that an answer cites. OpenRouter says nothing else of its searches. */
export function citedPages({ annotations }: JsonObject): readonly WebPage[] {
  return asList(annotations).flatMap((value): readonly WebPage[] => {
    const annotation = asObject(value);
    if (asText(annotation?.['type']) !== 'url_citation') return [];
    // Some servers leave out the level between.
    const { url, title } = asObject(annotation?.['url_citation']) ?? annotation ?? {};
    if (!isText(url)) return [];
    return [{ url: textLiteral(url), title: isText(title) ? textLiteral(title) : textLiteral(url) }];
  });
}
