import type { Sentence } from './sentence.ts';

/** What servers say of the account, of their limits in time and of themselves. */
export const accountSentences: readonly Sentence[] = [
  {
    says: 'account-empty',
    pattern:
      /insufficient[_ ](?:account[_ ])?(?:balance|credit|fund|quota)|balance is (?:insufficient|too low|empty|not enough|negative)|top up your|billing hard limit|payment required|credits? (?:are |is |have been |has been )?(?:exhausted|used up|depleted|expired)|(?:out of|no more|no remaining) credits?|余额不足|欠费|充值|in arrears|account is overdue|overdue payment|no resource package|credit balance is too low|account is in good standing|free tier of the model has been exhausted|usage limit (?:has been )?(?:reached|exceeded)|(?:hit|reached|exceeded) (?:your|the) (?:[\w-]{1,20} ){0,3}(?:usage limit|quota)(?! for (?:requests|tokens))|usage_limit_reached|使用上限|(?:额度|用量|套餐|配额|资源包|余额)[^。\n]{0,10}(?:用尽|用完|不足|上限|耗尽)|今日[^。\n]{0,10}(?:限额|上限|次数)|(?:key|spend(?:ing)?|monthly|weekly|daily|total|usage) (?:spend(?:ing)? )?limit (?:was |has been )?(?:exceeded|reached)|(?:daily|weekly|monthly)[ \w/-]{0,24}(?:limit|quota|credits|allowance)|free-models-per-day|per ?day\b|exceeded your current quota|(?:quota|limit|allowance) (?:is |has been |was )?(?:exceeded|reached|used up) (?:for )?(?:today|this (?:day|week|month))|quota (?:is |has been |was )?(?:exhausted|used up)|budget (?:has been |was )?exceeded|(?:plan|trial|subscription)(?: period)? (?:has |is )?(?:expired|ended|over|inactive|cancell?ed)|used up your [^.\n]{0,30}(?:quota|credits?|allowance|plan)|more credits|(?:free tier|free trial|allotment|allowance|prepaid \w{1,12}|wallet|subscription|credits?) (?:is |are |was |has |have )?(?:been )?(?:now )?(?:exhausted|consumed|depleted|used up|empty|lapsed)|(?:out of|no remaining|no more|run out of) (?:requests|tokens|messages|credits?|quota) (?:left )?(?:for |in )?(?:today|this (?:day|week|month|billing)|the (?:day|week|month|billing))|payment method (?:was |has been |is )?(?:declined|invalid|expired|missing)|card (?:was |has been )?declined/iu,
    examples: [
      ['Insufficient Balance', 'https://github.com/continuedev/continue/issues/9942'],
      [
        'Insufficient balance or no resource package. Please recharge.',
        'https://docs.z.ai/api-reference/api-code (1113)',
      ],
      ['余额不足或无可用资源包,请充值。', 'https://github.com/zhayujie/CowAgent/issues/2910'],
      [
        'Usage limit reached for 5 hour. Your limit will reset at 2026-11-28 07:41:44',
        'https://docs.z.ai/api-reference/api-code (1308)',
      ],
      [
        '已达到 5 小时的使用上限。您的限额将在 2026-08-25 07:41:44 重置。',
        'https://github.com/dirge-code/dirge/issues/818',
      ],
      ['The usage limit has been reached', 'https://github.com/earendil-works/pi/issues/4172'],
      [
        'you (someone) have reached your session usage limit, please wait or upgrade to continue',
        'https://github.com/continuedev/continue/issues/10579',
      ],
      [
        'Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys',
        'https://github.com/MCPJam/inspector/issues/1287',
      ],
      [
        'You exceeded your current quota, please check your plan and billing details.',
        'https://github.com/OthersideAI/self-operating-computer/issues/29',
      ],
      [
        'Access denied, please make sure your account is in good standing.',
        'https://help.aliyun.com/zh/model-studio/error-code (Arrearage)',
      ],
      ['Sorry, your account balance is insufficient', 'https://docs.siliconflow.cn (30001)'],
      ['Daily call limit for this API reached', 'https://docs.z.ai/api-reference/api-code (1304)'],
      [
        'You have exceeded the 5-hour usage quota. It will reset at 2026-11-29 10:00:00 +0800 CST.',
        'https://www.volcengine.com/docs/82379/1299023 (AccountQuotaExceeded)',
      ],
      ['model budget exceeded', 'https://github.com/buildsense-ai/XiaoBa-CLI/pull/130'],
    ],
    counter: 'Rate limit reached for requests',
  },
  {
    says: 'rate-limited',
    pattern:
      /rate.?limit|too many requests|throttl|(?:requests?|tokens?) per (?:min|minute|second)|\b[rt]p[md]\b|concurren|request frequency|\bqps\b|请求(?:过于|太)频繁|频率|并发|速率|请求过多/iu,
    examples: [
      ['Rate limit reached for requests', 'https://docs.z.ai/api-reference/api-code (1302)'],
      [
        'High concurrency usage of this API, please reduce concurrency or contact customer service to increase limits',
        'https://github.com/kaitranntt/ccs/issues/402',
      ],
      [
        'Tokens per minute limit exceeded - too many tokens processed.',
        'https://github.com/continuedev/continue/issues/9800',
      ],
      [
        'Throttling error: Too many tokens, please wait before trying again.',
        'https://github.com/earendil-works/pi/blob/main/packages/ai/test/overflow.test.ts',
      ],
      [
        'You are using a Trial key, which is limited to 40 API calls / minute. Too many requests.',
        'https://docs.cohere.com/docs/rate-limits',
      ],
    ],
    counter: 'The server failed by itself.',
  },
  {
    says: 'overloaded',
    pattern:
      /overloaded|server (?:is )?busy|unavailable|resource.?exhausted|no capacity|at capacity|try again later|high demand|(?:服务|系统|模型)[^。\n]{0,10}(?:繁忙|过载)|负载(?:已)?(?:饱和|过高)|loading model/iu,
    examples: [
      [
        'The engine is currently overloaded, please try again later',
        'https://platform.openai.com/docs/guides/error-codes',
      ],
      ['当前分组上游负载已饱和，请稍后再试', 'https://github.com/QuantumNous/new-api (get_channel_failed)'],
      [
        'Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.',
        'https://github.com/google-gemini/gemini-cli/issues/14811',
      ],
    ],
    counter: 'model runner crashed unexpectedly',
  },
  {
    says: 'credential',
    pattern:
      /\b(?:invalid|incorrect|wrong|missing|bad|expired|revoked|malformed|no|empty|unknown|disabled|deactivated|inactive) (?:[\w'-]{1,12} ){0,2}['"`]?(?:api[ _-]?keys?|x-api-key|app[ _-]?keys?|(?:access|bearer|auth\w{0,12}|secret) (?:tokens?|keys?|headers?|credentials?)|credentials?|subscription key)\b|\b(?:api[ _-]?key|app[ _-]?key|(?:access|bearer|auth\w{0,12}|secret) (?:token|key|header)|credentials?)['"`]? (?:[^.\n]{1,40} )?(?:(?:is|was|were|has|have|are) )?(?:been )?(?:not (?:valid|found|authori[sz]ed|provided|set|recogni[sz]ed|active)|invalid|incorrect|wrong|missing|expired|revoked|disabled|deactivated|blocked|suspended)\b|\b(?:did not|didn't|must|need to|please) (?:provide|carry|pass|set|supply) (?:an?|the|your|a valid) (?:valid )?(?:api|secret|auth\w{0,12}|access)[ _-]?(?:key|token|secret key)|\b(?:authentication|authorization|login|auth)\b[^.\n]{0,12}\b(?:fail(?:ed|ure|s)?|required|denied)\b|\bnot (?:authenticated|logged in)\b|\bunauthenticated\b|\bunauthori[sz]ed\b|\btoken (?:is |has )?(?:expired|revoked)|(?:api ?key|密钥|令牌|token|鉴权|认证|身份验证|登录)[^。\n]{0,10}(?:无效|错误|不正确|失败|过期|失效|不存在|缺失|为空|未提供|不可用)|(?:无效|错误|未提供|缺少|过期)的?(?:令牌|密钥|token|api ?key|身份)/iu,
    unless: /schema|propert|\btools?\b|function|mcp/iu,
    examples: [
      ['Authorization failed', 'https://docs.api.nvidia.com/nim/reference/llm-apis'],
      ['Invalid API key', 'https://github.com/vllm-project/vllm (a proxy in front of it, {"detail":…})'],
      ['Not authenticated', 'https://fastapi.tiangolo.com/reference/security/ (HTTPBearer)'],
      ['Incorrect API key provided: sk-12****7890.', 'https://platform.openai.com/docs/guides/error-codes'],
      ['You must provide an API key', 'https://platform.openai.com/docs/guides/error-codes'],
      [
        'login fail: Please carry the API secret key in the Authorization field of the request header',
        'https://platform.minimax.io/docs/api-reference/errorcode (1004)',
      ],
      ['API Key not found. Please pass a valid API key.', 'https://ai.google.dev/gemini-api/docs/troubleshooting'],
      ['无效的令牌', 'https://github.com/QuantumNous/new-api (middleware/auth.go)'],
      ['该令牌已过期', 'https://github.com/songquanpeng/one-api (model/token.go)'],
      ['身份验证失败。', 'https://docs.bigmodel.cn/cn/faq/api-code (1000)'],
    ],
    counter: 'Your API key does not have enough requests left for this minute',
  },
  {
    says: 'content-refused',
    pattern:
      /(?:input|prompt|content|message|request|text|image)s? (?:\w{1,12} ){0,3}(?:flagged|violat)|requires moderation|flagged by moderation|content exists risk|inappropriate content|content (?:policy|filter|moderation|management policy)|敏感|违规|不合规/iu,
    examples: [
      [
        'Your chosen model requires moderation and your input was flagged',
        'https://openrouter.ai/docs/api-reference/errors',
      ],
      ['Content violates usage guidelines.', 'https://docs.x.ai (403)'],
      ['Input data may contain inappropriate content.', 'https://help.aliyun.com/zh/model-studio/error-code'],
    ],
    counter: 'Country, region, or territory not supported',
  },
];
