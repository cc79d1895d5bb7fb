import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { maskwire, temporaryFolder, writeDisc } from './harness.ts';

test.each(['serve', 'segment', 'tail', 'feature-server', 'check-config'])(
  '%s --help shows an example and exits with 0',
  async (command) => {
    const { code, stdout } = await maskwire([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`Usage: maskwire ${command}[^]*Example:\\n.*maskwire ${command}`),
    );
  },
);

test.each<[string, readonly string[], RegExp]>([
  ['no command', [], /Usage: maskwire/],
  ['an unknown command', ['serv'], /Did you mean serve\?/],
  ['an unknown option', ['serve', '--prot', '1'], /unknown option '--prot'/],
  ['a bad port', ['serve', '--port', 'x'], /whole number from 0 to 65535/],
  ['a point that is none', ['segment', 'a.png', '--point', '1;2'], /must be x,y on the object/],
  ['a point with a foreign label', ['segment', 'a.png', '--point', '1,2,3'], /x,y,0 beside it/],
  ['a box with three numbers', ['segment', 'a.png', '--box', '1,2,3'], /x,y,width,height/],
  ['no prompt at all', ['segment', 'a.png'], /say where the object is/],
  ['a position that is none', ['tail', 'ses_x', '--after', 'now'], /must be a cursor/],
  ['a gateway that is no URL', ['tail', 'ses_x', '--url', 'localhost'], /http or https URL/],
  [
    'a server for all without a token',
    ['feature-server', '--host', '0.0.0.0'],
    /FEATURE_SERVER_TOKEN/,
  ],
])('%s is a usage error, told without a stack', async (_, args, message) => {
  const { code, stdout, stderr } = await maskwire(args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('--version says which one is installed', async () => {
  const { code, stdout } = await maskwire(['--version']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('A33 check-config shows every setting, and warns of unknown ones', async () => {
  const env = { MASKWIRE_MAX_OBJECT: '1', MASKWIRE_MAX_IMAGES: '7', FEATURE_SERVER_TOKEN: 'hush' };
  const { code, stdout, stderr } = await maskwire(['check-config'], { env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^MASKWIRE_MAX_IMAGES +7 +\(environment\)$/m);
  expect(stdout).toMatch(/^PORT +8787$/m);
  expect(stdout).not.toContain('hush');
  expect(stderr).toMatch(/MASKWIRE_MAX_OBJECT is not known; did you mean MASKWIRE_MAX_OBJECTS\?/);
});

test.each(['check-config', 'serve'])('A33 %s names every bad variable at once', async (command) => {
  const env = {
    PORT: 'x',
    REDIS_URL: 'http://h',
    MASKWIRE_HEARTBEAT_MS: '-1',
    HOST: '0.0.0.0',
    MASKWIRE_MAX_OBJECT: '1',
  };
  const { code, stderr } = await maskwire([command], { env });
  expect(code).toBe(2);
  for (const name of Object.keys(env)) {
    expect(stderr).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  }
});

test('a port that is taken is one clear line', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const { code, stderr } = await maskwire(['serve'], { env: { PORT: port } });
  taken.close();
  expect(code).toBe(1);
  expect(stderr).toBe(
    `maskwire: cannot listen on 127.0.0.1:${port}: something is listening there already; choose another PORT or stop it.\n`,
  );
});

test.each<[string, (folder: string) => readonly string[], RegExp]>([
  ['a picture that is not there', () => ['segment', 'no.png'], /cannot read no\.png \(ENOENT\)/],
  [
    'a gateway that is not there',
    (folder) => ['segment', `${folder}/disc.png`, '--url', 'http://127.0.0.1:1'],
    /nothing answers at http:\/\/127\.0\.0\.1:1/,
  ],
])('%s is one line and exit code 1', async (_, args, message) => {
  await using folder = await temporaryFolder();
  await writeDisc(folder.file('disc.png'));
  const { code, stderr } = await maskwire([...args(folder.path), '--point', '1,1']);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(1);
});
