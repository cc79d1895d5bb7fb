import { ConfigError, loadConfig } from '../../src/app/config.ts';

/** What is wrong with these variables; nothing when they are taken. */
export function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
