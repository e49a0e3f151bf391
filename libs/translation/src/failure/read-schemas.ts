import { fieldPath, namesOf } from './field-path.ts';
import type { FailureDocument } from './failure-document.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type SchemaRejected = Extract<UpstreamCause, { kind: 'schema-rejected' }>;

/** Keywords of JSON Schema by which servers say what they cannot express. Those that are plain words need quotes. */
const keyword =
  /(?<![\w.-])(?:pattern(?:Properties)?|format|anyOf|oneOf|allOf|\$schema|\$ref|\$defs|additionalProperties|unevaluatedProperties|propertyNames|exclusive(?:Min|Max)imum|(?:min|max)(?:Length|Items|Properties)|multipleOf|uniqueItems|prefixItems|dependentRequired)(?![\w-])|(?<=['"`])(?:not|if|const|default|minimum|maximum|contains|examples|title)(?=['"`])/u;
/** Where a schema of a tool has its own members. */
const path =
  /(?<path>(?:GenerateContentRequest\.)?tools?[\w.[\]/$-]{1,120}[./](?:parameters|input_schema|parametersJsonSchema)[./][\w.[\]/$-]{1,200})/iu;
const place =
  /\b(?:(?:json|tools?|functions?|parameters?|input|response|output|specified|provided|given)['"`]?[ _-](?:\w{1,12} )?schemas?|schemas? (?:of|for|in) (?:the |a )?(?:tools?|functions?|parameters?)|structured[ _-]outputs?|guided[ _-](?:decoding|json)|(?:tools?|functions?) parameters)\b/iu;
/** What servers make grammars of schemas with. */
const engine = /\b(?:xgrammar|llguidance|outlines(?=:| backend|[_-]core)|lm-?format-?enforcer|interegular)/iu;
const negation =
  /\b(?:not (?:be )?(?:supported|allowed|permitted|accepted|implemented|recogni[sz]ed|compiled?|parsed?|expressed)|unsupported|cannot|can't|could not|unable|fail(?:s|ed|ure)|unknown|unrecogni[sz]ed|unexpected|does(?:n't| not) support|too (?:many|complex|large|deep)|only \S{1,24} (?:\S{1,16} ){0,3}(?:is|are) (?:supported|allowed))\b|不支持|无法/iu;
/** What of a schema is refused, besides a keyword. */
const feature =
  /\b(?:regex(?:es|p)?|regular expressions?|grammars?|keywords?|constraints?|compil\w{1,6}|nest(?:ing|ed)|depth|complex(?:ity)?)\b/iu;
/** Schemas of something else, which no tool has. */
const elsewhere = /\b(?:response[_ ]format|json_schema|databases?|arguments?|image|tool_choice)\b/iu;

/**
 * A schema that a server cannot express, by structure: a place in a schema of a tool, or an engine of grammars, beside
 * a negation.
 */
export function readSchema({ texts, faults }: FailureDocument): SchemaRejected | undefined {
  for (const text of texts) {
    if (!negation.test(text)) continue;
    const at = path.exec(text)?.groups?.['path'];
    if (at === undefined && !isAboutSchema(text)) continue;
    const stated = fieldPath(at?.replace(/^GenerateContentRequest\./u, '').replace(/\[([a-z_]\w{0,60})\]/giu, '.$1'));
    return { kind: 'schema-rejected', keyword: keywordOf(stated, text), path: stated ?? faults[0]?.path };
  }
  return undefined;
}

/** Whatever else is wrong with the schema of a tool as a whole: a plainer one may be taken. */
export function readSchemaFault({ faults }: FailureDocument): SchemaRejected | undefined {
  const fault = faults.find(({ path, text }) => text !== undefined && wholeSchema.test(path));
  return fault && { kind: 'schema-rejected', keyword: keywordOf(undefined, fault.text ?? ''), path: fault.path };
}

const wholeSchema = /^tools\[\d{1,4}\]\.(?:(?:function|custom)\.)?(?:parameters|input_schema)$/u;

function isAboutSchema(text: string): boolean {
  if (elsewhere.test(text) || !(engine.test(text) || place.test(text))) return false;
  const rest = text.replace(place, ' ');
  return feature.test(rest) || keyword.test(rest);
}

/** The last step of the path, or what the words name. */
function keywordOf(path: string | undefined, text: string): string | undefined {
  const last = path === undefined ? undefined : namesOf(path).at(-1);
  if (last !== undefined && keyword.test(`'${last}'`)) return last;
  return keyword.exec(text)?.[0];
}
