import type { CountedThing } from './upstream-cause.ts';

/** What a `code`, `type`, `status` or `reason` of an error document says. */
export type CodeMeaning =
  | 'overflow'
  /** Either the prompt or the answer: the numbers tell. */
  | 'too-many-tokens'
  | 'field'
  | 'value'
  | 'count'
  | 'text-too-long'
  | 'number-too-large'
  | 'schema'
  | 'model-unknown'
  | 'account-empty'
  | 'rate-limited'
  | 'overloaded'
  | 'credential'
  | 'api-disabled'
  | 'project-denied'
  | 'content-refused'
  | 'invalid-request'
  | 'not-found';

/** In lower case. Numbers are those of one server each, with no second meaning among the others. */
const meanings: Readonly<Record<CodeMeaning, string>> = {
  overflow: `context_length_exceeded context_window_exceeded context_length_error contextwindowexceedederror
    model_context_window_exceeded model_max_prompt_tokens_exceeded exceed_context_size_error prompt_too_long prompt_limit
    input_too_long input_tokens_exceeded prompt_tokens_exceeded max_input_tokens_exceeded context_overflow
    sequence_too_long tokens_limit_reached 1261`,
  'too-many-tokens': 'requested_too_many_tokens too_many_tokens max_tokens_exceeded',
  field: `unsupported_parameter unknown_parameter extra_forbidden value_error.extra unrecognized_keys additionalproperties
    unknown_field unsupported_field unsupportedparamserror unrecognized unrecognised unrecognized_field
    unrecognized_parameter`,
  value: `unsupported_value invalid_value literal_error enum type_error.enum invalid_enum_value value_error.const
    decimal_above_max_value decimal_below_min_value invalid_option`,
  count: 'array_above_max_length too_many_images too_long maxitems too_big_array array_too_big',
  'text-too-long':
    'string_above_max_length string_too_long value_error.any_str.max_length maxlength too_big_string string_too_big',
  'number-too-large':
    'integer_above_max_value less_than_equal less_than value_error.number.not_le maximum too_big too_big_number number_too_big',
  schema: 'invalid_function_parameters invalid_json_schema invalid_schema',
  'model-unknown': `model_not_found model_not_exist modelnotfound modelnotfounderror invalid_model unsupported_model
    deploymentnotfound model_not_available 1211`,
  'account-empty': `insufficient_quota billing_hard_limit_reached billing_not_active insufficient_balance insufficient_credit
    insufficient_credits insufficient_user_quota insufficient_g1_credits_balance arrearage allocationquota.freetieronly
    accountoverdueerror accountquotaexceeded exceeded_current_quota_error usage_limit_reached billing_error quote_exceeded 1113 1304 1308 1309 1310`,
  'rate-limited': `rate_limit_exceeded rate_limit_error rate_limit rate_limit_reached_error ratelimitexceeded too_many_requests
    throttlingexception throttling throttling.ratequota resource_exhausted 1302 1303`,
  overloaded: `overloaded_error overloaded server_overloaded server_is_overloaded engine_overloaded_error unavailable
    service_unavailable serviceunavailableexception serveroverloaded modelnotreadyexception capacity_exceeded 1305`,
  credential: `invalid_api_key authentication_error unauthenticated invalid_authentication_error authenticationerror
    incorrect_api_key invalid_iam_token api_key_invalid api_key_service_blocked`,
  'api-disabled': 'service_disabled access_not_configured api_key_service_blocked',
  'project-denied': 'consumer_invalid consumer_suspended user_project_denied project_denied',
  'content-refused': 'content_policy_violation content_filter data_inspection_failed moderation_blocked',
  'invalid-request': `invalid_request_error invalid_request bad_request badrequest badrequesterror bad_request_error
    invalid_argument invalidparameter invalid_parameter_error validationexception`,
  'not-found': 'not_found not_found_error notfounderror',
};

const byCode: ReadonlyMap<string, CodeMeaning> = new Map(
  Object.entries(meanings).flatMap(([meaning, codes]) =>
    codes.split(/\s+/u).map((code) => [plain(code), isMeaning(meaning) ? meaning : 'invalid-request'] as const),
  ),
);

function isMeaning(name: string): name is CodeMeaning {
  return name in meanings;
}

/** What the codes of a document say, each as far as it is known. */
export function meaningsOf(codes: readonly string[]): ReadonlySet<CodeMeaning> {
  return new Set(codes.flatMap((code) => byCode.get(plain(code)) ?? []));
}

/** Servers write one code in the styles of several languages. */
function plain(code: string): string {
  return code.toLowerCase().replace(/[^a-z\d]/gu, '');
}

/** The members that hold the limit of an answer, in any server's spelling. */
export function isAnswerLimit(path: string): boolean {
  return /^(?:[\w$]+\.)*(?:max_?(?:completion|output|new|gen)?_?(?:to(?:ken|k)s(?:_to_sample)?|tokencount|length|len)|num_predict)$/iu.test(
    path,
  );
}

/** The numbers that steer the choice of tokens, or how much the model thinks. */
export function isSampling(path: string): boolean {
  return /^(?:temperature|top_?p|top_?k|min_?p|\w{1,20}_?penalty|(?:[\w.]{1,40}[_.])?budget(?:_tokens)?)$/iu.test(path);
}

/** Whether a code says that a number lies outside of its range. */
export function isBeyondRange(code: string): boolean {
  return /^(?:(?:less|greater)_than(?:_equal)?|(?:exclusive)?(?:max|min)imum|number_too_(?:big|small)|too_(?:big|small)(?:_number)?|value_error\.number\.\w{1,20}|decimal_(?:above_max|below_min)_value)$/iu.test(
    code,
  );
}

const counted: readonly (readonly [RegExp, CountedThing])[] = [
  [/^(?:image|media|vision|multi-?modal|picture|photo|图|视觉|多模态)/iu, 'images'],
  [/^(?:audio|音频)/iu, 'audios'],
  [/^(?:video|视频)/iu, 'videos'],
  [/^(?:file|document|文件)/iu, 'files'],
  [/^(?:tool|function|工具|函数)/iu, 'tools'],
  [/^message/iu, 'messages'],
  [/^stop/iu, 'stop sequences'],
  [/^cache/iu, 'cache marks'],
];

/** What a word, or the path of a list, counts. */
export function countedThing(word: string): CountedThing | undefined {
  if (word.startsWith('messages[')) return undefined;
  return counted.find(([pattern]) => pattern.test(word))?.[1];
}
