import { OPERATION_LIST } from './operations/table.ts';

const PATHS = Map.groupBy(OPERATION_LIST, ({ operation }) => operation.path);

const PATTERNS = [...PATHS].map(([path, operations]) => ({
  pattern: new RegExp(
    `^${path
      .replace('{file}', '.+')
      .replaceAll(/\{\w+\}/g, '[^/]+')
      .replaceAll('.json', '\\.json')}$`,
  ),
  methods: operations.map(({ operation }) => operation.method as string),
}));

/** The methods that are offered at a path; none when there is nothing. */
export function methodsAt(path: string): readonly string[] {
  const found = PATTERNS.find(({ pattern }) => pattern.test(path));
  if (found === undefined) return [];
  const { methods } = found;
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
}
