type Path = readonly PropertyKey[];

/** Of a provider in the place of a faulty one. Nothing is sent there: there is no start with one. */
export const standInUrl = 'http://stand-in.invalid';

interface Configuration {
  readonly providers: Readonly<Record<string, unknown>>;
  readonly models: Readonly<Record<string, unknown>>;
}

/** A configuration in which others stand for the providers that have issues, and no model has one: its rest can be checked. */
export function withStandIns<Config extends Configuration>(config: Config, issues: readonly { readonly path: Path }[]) {
  const faulty = (section: string) => new Set(issues.flatMap(({ path: [at, name] }) => (at === section ? [name] : [])));
  const providers = faulty('providers');
  const models = faulty('models');
  return {
    ...config,
    providers: Object.fromEntries(
      Object.entries(config.providers).map(([name, provider]) => [
        name,
        providers.has(name) ? { dialect: 'ollama', baseUrl: standInUrl, onlyByName: isOnlyByName(provider) } : provider,
      ]),
    ),
    models: Object.fromEntries(Object.entries(config.models).filter(([name]) => !models.has(name))),
  };
}

function isOnlyByName(provider: unknown): boolean {
  return typeof provider === 'object' && provider !== null && 'onlyByName' in provider && provider.onlyByName === true;
}
