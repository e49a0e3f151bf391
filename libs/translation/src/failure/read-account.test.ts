import { expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Case = readonly [kind: UpstreamCause['kind'], status: number, body: unknown, cause?: object];

const m = (message: unknown, more: object = {}) => ({ error: { message, ...more } });

/** Accounts, limits and busy servers, in the words of many. */
const cases: readonly Case[] = [
  [
    'account-empty',
    429,
    m('Your account org-1 <ak-2> is suspended, please check your plan and billing details', {
      type: 'exceeded_current_quota_error',
    }),
  ],
  ['account-empty', 403, { code: 30001, message: 'Sorry, your account balance is insufficient', data: null }],
  ['account-empty', 429, m('账户余额不足')],
  ['account-empty', 429, m('账户已欠费')],
  ['account-empty', 429, m('额度已用完')],
  ['account-empty', 429, m('套餐已用完')],
  ['account-empty', 429, m('今日额度已用尽')],
  ['account-empty', 429, { error: { code: '1304', message: 'Daily call limit for this API reached' } }],
  [
    'account-empty',
    429,
    { error: { code: '1309', message: 'Your GLM Coding Plan package has expired and is temporarily unavailable' } },
  ],
  [
    'account-empty',
    429,
    {
      error: { code: '1310', message: 'Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-12-01 00:00:00' },
    },
    { resetsAt: '2026-12-01 00:00:00' },
  ],
  ['account-empty', 429, m("You've reached your usage limit. It resets at 3pm (UTC).")],
  ['account-empty', 429, m('Monthly quota exceeded')],
  ['account-empty', 429, m('You have run out of credits.')],
  ['account-empty', 429, m('Your credits are exhausted')],
  [
    'account-empty',
    429,
    { error: { code: '1308', message: '您已达到5小时使用上限，将于 2026-11-28 07:41:44 重置' } },
    { resetsAt: '2026-11-28 07:41:44' },
  ],
  ['account-empty', 429, m('You have exceeded your monthly included credits for Inference Providers.')],
  ['account-empty', 429, m('Billing hard limit has been reached')],
  ['account-empty', 429, m('Payment required: top up your balance')],
  ['rate-limited', 429, m('请求过于频繁，请稍后再试')],
  ['rate-limited', 429, m('并发数超限')],
  [
    'rate-limited',
    429,
    m(
      'Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 6 seconds.',
    ),
    { retryAfterSeconds: 6 },
  ],
  [
    'rate-limited',
    429,
    m('Your account reached max organization concurrency: 1, please try again after 1 seconds', {
      type: 'rate_limit_reached_error',
    }),
    { retryAfterSeconds: 1 },
  ],
  ['rate-limited', 429, { error: { code: '1303', message: '请求频率过高' } }],
  [
    'rate-limited',
    429,
    { error: { code: '1305', message: 'The service may be temporarily overloaded, please try again later' } },
  ],
  ['rate-limited', 429, m('Quota exceeded for requests per minute, limit: 60')],
  ['rate-limited', 200, { error_code: 18, error_msg: 'Open api qps request limit reached' }],
  ['overloaded', 503, m('当前服务繁忙，请稍后再试')],
  ['overloaded', 500, m('模型过载')],
  ['broken', 500, m('Internal server error')],
  ['account-empty', 429, m('You are out of tokens for today')],
  ['account-empty', 429, m('Free tier exhausted')],
  ['account-empty', 429, m('monthly token allotment consumed')],
  ['account-empty', 429, m('no remaining requests this month')],
  ['account-empty', 429, m('Payment method declined')],
  ['account-empty', 429, m('wallet empty')],
  ['account-empty', 429, m('Your subscription lapsed')],
  ['account-empty', 500, m('insufficient balance')],
  ['rate-limited', 429, m('Limit resets in 4h32m'), { retryAfterSeconds: 16_320 }],
  ['rate-limited', 429, m('Limit resets in 12s'), { retryAfterSeconds: 12 }],
  ['rate-limited', 429, m('Out of request slots, try again in 2s'), { retryAfterSeconds: 2 }],
  ['rate-limited', 429, m('The message queue is empty of free places')],
  ['overloaded', 500, m('The server is overloaded, credits are exhausted for this minute')],
  ['broken', 500, m('The list of credits was requested')],
  ['account-empty', 200, { detail: 'Quota exceeded for today' }],
  ['credential', 200, { detail: 'Invalid API key' }],
  ['credential', 200, { detail: 'Not authenticated' }],
  ['credential', 200, { message: 'Invalid API key provided' }],
  ['credential', 200, { status: 'error', message: 'Unauthorized' }],
  ['credential', 200, { success: false, errorMessage: 'The access token expired' }],
  ['credential', 200, { errors: ['Authentication failed'] }],
  ['credential', 200, { fault: { faultstring: 'Invalid ApiKey', detail: { errorcode: 'oauth.v2.InvalidApiKey' } } }],
  ['credential', 200, { base_resp: { status_code: 1004, status_msg: 'login fail: Please carry the API secret key' } }],
  ['credential', 200, { code: 1, msg: '无效的令牌' }],
  ['credential', 500, m('Incorrect API key provided: sk-1***2', { type: 'new_api_error' })],
  ['credential', 400, { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xa***1' }],
  ['rate-limited', 200, { detail: 'Your API key does not have enough requests per minute left' }],
  ['overloaded', 503, m('The authentication failed: identity service unavailable')],
  ['refused', 400, m('tools.0.input_schema: properties.api_key is missing')],
  ['broken', 500, m('Unexpected token < in JSON at position 0')],
  ['broken', 200, { detail: 'The answer about API keys could not be written' }],
];

test.each(cases.map(([kind, status, body, cause]) => ({ kind, status, body, cause })))(
  '$status $body is $kind',
  ({ kind, status, body, cause = {} }) => {
    const read = readFailure({ status, headers: [], body: JSON.stringify(body) });
    expect(read.cause).toMatchObject({ kind, ...cause });
  },
);
