export { anyCharacter } from './any-character.ts';
export { anthropicFrame, anthropicFrames, anthropicScript, anthropicSseHead } from './anthropic-script.ts';
export { collectFrames } from './collect-frames.ts';
export type { CollectedFrame } from './collect-frames.ts';
export { startConnectProxy } from './connect-proxy.ts';
export type { ConnectProxy, Tunnel } from './connect-proxy.ts';
export { debianProgram } from './debian-program.ts';
export { createGate } from './gate.ts';
export type { Gate } from './gate.ts';
export { geminiError, geminiFrame, geminiFrames } from './gemini-script.ts';
export { installClaudeCli } from './install-claude-cli.ts';
export { installPythonPackages } from './install-python-packages.ts';
export type { PythonPackages, PythonPackagesOptions } from './install-python-packages.ts';
export { jsonAt, jsonListAt, jsonTextAt } from './json-at.ts';
export { createLeakWatch, findLeaks, leakWatch } from './leak-watch.ts';
export { listenOnFreePort } from './listen-on-free-port.ts';
export { callTool, say } from './model-turn.ts';
export type { ModelPart, ModelTurn, ModelUsage } from './model-turn.ts';
export { ollamaLine, ollamaLines, ollamaModelScript } from './ollama-script.ts';
export { openAiChatFrame, openAiChatFrames, openAiChatScript, openAiChatSseHead } from './openai-chat-script.ts';
export { openAiResponsesFault } from './openai-responses-fault.ts';
export { openAiResponsesFrame, openAiResponsesFrames } from './openai-responses-script.ts';
export { playModel, upstreamDialect } from './play-model.ts';
export { showClaude } from './show-claude.ts';
export { runClaude } from './run-claude.ts';
export type { ClaudeResult, ClaudeRun, RunClaudeOptions } from './run-claude.ts';
export { cut, hang, head, jsonScript, waitFor, write } from './script.ts';
export type { Script, ScriptStep } from './script.ts';
export { startScriptedUpstream } from './scripted-upstream.ts';
export type { Play, RecordedRequest, ScriptedUpstream } from './scripted-upstream.ts';
export { runGatewayToExit, startGateway } from './start-gateway.ts';
export type { GatewayProcess } from './start-gateway.ts';
export { startWorker } from './start-worker.ts';
export type { AppProcess, LogLine } from './app-process.ts';
export { compileCache, startProcess } from './start-process.ts';
export type { ProcessExit, StartedProcess } from './start-process.ts';
export { createSelfSignedServer, selfSignedCertificate, selfSignedKey } from './self-signed-server.ts';
export { unreachableUrl } from './unreachable-url.ts';
export { startFaultProxy, startTargetProxy } from './fault-proxy.ts';
export type { FaultProxy, TargetProxy } from './fault-proxy.ts';
export { createManualClock } from './manual-clock.ts';
export type { ManualClock } from './manual-clock.ts';
export { redisBinary, requireRedisBinary } from './redis/redis-binary.ts';
export { redisForSuite } from './redis/redis-for-suite.ts';
export type { SuiteRedis } from './redis/redis-for-suite.ts';
export { startRedisProcess } from './redis/redis-process.ts';
export type { RedisProcess, RedisProcessOptions } from './redis/redis-process.ts';
export {
  runCli,
  startClusterNode,
  startRedisCluster,
  startRedisSentinels,
  startTlsRedis,
} from './redis/redis-topologies.ts';
export type { RedisCluster, RedisSentinels } from './redis/redis-topologies.ts';
export { startS3Server } from './s3-server.ts';
export type { S3Server } from './s3-server.ts';
export { makeCertificates } from './redis/certificates.ts';
export type { Certificates } from './redis/certificates.ts';
export { startTestRedis } from './redis/start-test-redis.ts';
export type { TestRedis } from './redis/start-test-redis.ts';
export { collectGarbage, survivorsOf } from './garbage.ts';
export { doneValue } from './done-value.ts';
export { prometheusPrograms } from './prometheus/prometheus-programs.ts';
export type { PrometheusPrograms } from './prometheus/prometheus-programs.ts';
export { startPrometheus } from './prometheus/start-prometheus.ts';
export type { PrometheusProcess } from './prometheus/start-prometheus.ts';
export { startOtlpReceiver } from './otlp-receiver.ts';
export type { OtlpReceiver, ReceivedSpan } from './otlp-receiver.ts';
