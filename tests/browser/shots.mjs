// Makes docs/screenshots/worklist.png: the worklist as a reader of the README sees it first.
import { mkdir, stat } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { address, launch } from './browser.mjs';

const base = address('tests/browser/shots');
const root = fileURLToPath(new URL('../../', import.meta.url));
const file = fileURLToPath(new URL('../../docs/screenshots/worklist.png', import.meta.url));
const LARGEST = 300_000;
/** A list that fits into the picture, little of it late. */
const score = ({ open, overdue }) => -Math.abs(open - 7) - Math.abs(overdue - 2);

const browser = await launch();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 830 }, colorScheme: 'light' });
  // a physician's own list says most: something is late, more is to come
  const { items } = await (await page.request.get(`${base}/api/v1/providers`)).json();
  const [provider] = items
    .filter(({ id, open, overdue }) => id && overdue > 0 && overdue < open)
    .sort((one, other) => score(other) - score(one));
  await page.goto(`${base}/?provider=${encodeURIComponent(provider?.id ?? '')}`);
  if (await page.locator('table.list tbody tr').count() === 0) {
    throw new Error('the worklist is empty: start Countersign with --demo and wait until it has loaded');
  }
  await mkdir(dirname(file), { recursive: true });
  await page.screenshot({ path: file });
  const { size } = await stat(file);
  if (size > LARGEST) throw new Error(`the picture has ${size} bytes, more than ${LARGEST}`);
  console.log(`${relative(root, file)}: ${size} bytes`);
} catch (error) {
  console.error(`no screenshot: ${error.message.split('\n')[0]}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
