/** Starts Redis in Docker. Throws what the container library throws, when there is no Docker for instance. */
export async function startRedisContainer(): Promise<{ url: string; stop(): Promise<void> }> {
  // Loaded here alone: it is large, and nearly no run needs it.
  const { GenericContainer } = await import('testcontainers');
  const port = 6379;
  const container = await new GenericContainer('redis:7-alpine').withExposedPorts(port).start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(port)}`,
    async stop() {
      await container.stop();
    },
  };
}
