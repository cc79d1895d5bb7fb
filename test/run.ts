/**
 * The test command: makes sure that the programs which the tests drive are there, runs every
 * project of vitest, and ends with one line of counts. Arguments go to vitest.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whole runs take minutes; one that takes this long hangs. */
const DEADLINE_MS = 25 * 60 * 1000;

const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

/** Debian's package for each program, and where it has to be. */
const NEEDED = [
  { name: 'chromium', present: () => existsSync('/usr/bin/chromium') },
  { name: 'curl', present: () => inPath('curl') },
  { name: 'haproxy', present: () => existsSync('/usr/sbin/haproxy') },
  { name: 'nginx', present: () => existsSync('/usr/sbin/nginx') },
  { name: 'redis-server', present: () => existsSync('/usr/bin/redis-server') },
] as const;

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (!installMissing()) return 1;
  const folder = mkdtempSync(join(tmpdir(), 'maskwire-test-'));
  try {
    const file = join(folder, 'report.json');
    const code = await runVitest([...args, '--reporter=json', `--outputFile.json=${file}`]);
    const { passed, failed } = countResults(file, code);
    console.log(`\n${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs what is missing where that can be done without asking; otherwise says how. */
function installMissing(): boolean {
  const missing = () => NEEDED.filter(({ present }) => !present()).map(({ name }) => name);
  const packages = missing();
  if (packages.length === 0) return true;
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() === 0 && inPath('apt-get')) {
    console.log(`Installing ${packages.join(' and ')}, which the tests drive.`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update'], { stdio: 'inherit', env });
    spawnSync('apt-get', install, { stdio: 'inherit', env });
  }
  if (missing().length === 0) return true;
  console.error(`The tests need ${missing().join(' and ')}. On Debian and Ubuntu:`);
  console.error(`  sudo apt-get update && sudo apt-get ${install.join(' ')}`);
  return false;
}

function inPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}

function runVitest(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [VITEST, 'run', '--reporter=default', ...args], {
      stdio: 'inherit',
    });
    const deadline = setTimeout(() => {
      console.error(`The tests did not end within ${DEADLINE_MS / 60_000} minutes.`);
      child.kill('SIGKILL');
    }, DEADLINE_MS);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(deadline);
      resolve(code ?? 1);
    });
  });
}

/** A file that cannot even be loaded, or an error outside of all tests, counts as one failure. */
function countResults(file: string, code: number): { passed: number; failed: number } {
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = report.numFailedTests + broken.length;
  return { passed: report.numPassedTests, failed: code === 0 ? failed : Math.max(1, failed) };
}
