// Looks at every page of a running Countersign the way its readers do. Prints what was checked; fails with
// every fault found. Prints no patient data: names and numbers of patients are only compared.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { address, launch } from './browser.mjs';

const base = address('tests/browser/run');
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** WCAG 2.0, 2.1 and 2.2, levels A and AA, and axe's own best practice. */
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The first page as it travels, bytes. */
const HEAVIEST = 60_000;
/** Smallest side of what is clicked, CSS pixels (WCAG 2.5.8). */
const TARGET = 24;

const SCREENS = [
  { name: 'wide, light', width: 1280, colorScheme: 'light' },
  { name: 'wide, dark', width: 1280, colorScheme: 'dark' },
  { name: 'narrow, light', width: 390, colorScheme: 'light' },
  { name: 'narrow, dark', width: 390, colorScheme: 'dark' },
  // what remains of a wide screen, in CSS pixels; the colours are those of the narrow one
  { name: '200 % zoom', width: 640, colorScheme: 'light', onlyLayout: true },
  { name: '400 % zoom', width: 320, colorScheme: 'light', onlyLayout: true },
];

let checks = 0;
const faults = [];
function expect(holds, what) {
  checks += 1;
  if (!holds) {
    faults.push(what);
    console.log(`  FAULT  ${what}`);
  }
}

async function group(name, work) {
  const before = [checks, faults.length];
  try {
    await work();
  } catch (error) {
    expect(false, `${name}: ${error.message.split('\n')[0]}`);
  }
  const [done, wrong] = [checks - before[0], faults.length - before[1]];
  console.log(`${wrong ? 'FAILED' : 'ok    '}  ${name} (${done} checks${wrong ? `, ${wrong} faults` : ''})`);
}

const browser = await launch();

/** A page in a fresh context that notes everything a reader should not get. */
async function open(path, options = {}, status = 200) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    javaScriptEnabled: options.javaScriptEnabled ?? true,
  });
  const page = await context.newPage();
  const where = path.split('?')[0];
  // the browser itself reports a page whose status is an error
  const expected = (text) => status >= 400 && text.includes(`status of ${status}`);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !expected(message.text())) {
      expect(false, `${where}: the console says: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => expect(false, `${where}: a script failed: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) expect(false, `${where}: asks ${new URL(request.url()).origin}`);
  });
  const response = await page.goto(`${base}${path}`);
  expect(response.status() === status, `${where}: answers ${response.status()}, not ${status}`);
  return { page, where, close: () => context.close() };
}

async function accessible(page, where) {
  const found = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }),
    STANDARDS,
  );
  expect(found.passes.length > 10, `${where}: axe looked at next to nothing`);
  expect(found.violations.length === 0, `${where}: axe: ${found.violations
    .map((rule) => `${rule.id} (${rule.nodes.length}×, first ${rule.nodes[0].target.join(' ')})`).join('; ')}`);
}

async function fits(page, where) {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess <= 0, `${where}: must be scrolled sideways by ${excess} px`);
  const small = await page.evaluate((least) => {
    // links within a sentence are exempt (WCAG 2.5.8)
    const inline = (element) => element.tagName === 'A' && getComputedStyle(element).display === 'inline';
    return [...document.querySelectorAll('a, button, input, select, summary')]
      .filter((element) => element.checkVisibility() && !inline(element) && !element.classList.contains('skip'))
      .filter((element) => {
        const box = (element.type === 'checkbox' ? element.closest('label') : element).getBoundingClientRect();
        return box.width < least || box.height < least;
      })
      .map((element) => element.className || element.tagName);
  }, TARGET);
  expect(small.length === 0, `${where}: smaller than ${TARGET} px: ${[...new Set(small)].join(', ')}`);
}

// ── what there is to look at ─────────────────────────────────────────────────────────────────────

const pages = [];
const patients = new Set();
await group('find the pages', async () => {
  const { page, close } = await open('/');
  expect(await page.locator('table.list tbody tr').count() > 0, 'the worklist is empty: start Countersign with --demo');
  for (const text of await page.locator('td.whose').allInnerTexts()) {
    for (const part of text.split(/\n| · |^ID |Visit /)) if (/^[\p{L}\d' ,-]{5,}$/u.test(part.trim())) patients.add(part.trim());
  }
  // names of facilities are on the same line
  for (const facility of await page.locator('td.whose .facility').allInnerTexts()) patients.delete(facility);
  expect(patients.size > 0, 'the worklist names no patient to look for elsewhere');
  const href = async (selector) => {
    const link = page.locator(selector).first();
    return (await link.count()) ? link.getAttribute('href') : null;
  };
  const add = (name, path, status = 200) => path && pages.push({ name, path, status });
  add('worklist', '/');
  add('worklist, next page', await href('nav.pages a[rel=next]'));
  add('worklist, overdue', '/?overdue=true');
  add('worklist, closed', '/?status=satisfied');
  add('worklist, any status', '/?status=all');
  add('worklist of a provider', await href('td.who a.person'));
  add('worklist, nobody responsible', '/?provider=*unassigned');
  add('worklist, nothing matches', '/?provider=nobody-has-this-id');
  add('worklist, nonsense', '/?status=nonsense', 400);
  const explanation = await href('td.why a');
  add('explanation', explanation);
  await page.goto(`${base}/?status=satisfied`);
  add('explanation of a closed one', await href('td.why a'));
  await page.goto(`${base}${explanation}`);
  add('chart', await href('.crumbs a[href^="/charts/"]'));
  add('providers', '/providers');
  add('providers, nobody found', '/providers?name=nobody-is-called-this');
  add('feeds', '/feeds');
  add('quarantine', '/quarantine');
  await page.goto(`${base}/quarantine`);
  add('message in quarantine', await href('td.why a'));
  add('no such page', '/no-such-page', 404);
  add('no such deficiency', '/deficiencies/no-such-id', 404);
  await close();
});

// ── every page on every screen ───────────────────────────────────────────────────────────────────

for (const { name, path, status } of pages) {
  await group(name, async () => {
    const { page, where, close } = await open(path, {}, status);
    // not as a script element: the page's policy forbids foreign scripts, as it should
    await page.evaluate(axe);
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
    for (const screen of SCREENS) {
      const here = `${where} (${screen.name})`;
      await page.setViewportSize({ width: screen.width, height: 800 });
      await page.emulateMedia({ colorScheme: screen.colorScheme });
      await fits(page, here);
      if (!screen.onlyLayout) await accessible(page, here);
    }
    const told = [await page.title(), page.url(), ...await page.locator('[href], [action]').evaluateAll(
      (elements) => elements.map((element) => decodeURIComponent(element.getAttribute('href') ?? element.getAttribute('action'))),
    )];
    expect(!told.some((text) => [...patients].some((secret) => text.includes(secret))), `${where}: a patient in a title or an address`);
    expect(await page.locator('script, style, [style]').count() === 0, `${where}: scripts or styles in the page`);
    expect(await page.locator('h1').count() === 1, `${where}: not exactly one main heading`);
    await close();
  });
}

// ── how readers work ─────────────────────────────────────────────────────────────────────────────

await group('by keyboard only', async () => {
  const { page, close } = await open('/');
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
      text: element.innerText ?? '', tag: element.tagName, id: element.id, why: element.matches('td.why a'),
      inMain: Boolean(element.closest('main')), outline: Number.parseFloat(style.outlineWidth), line: style.outlineStyle,
      covered: !element.contains(top),
    };
  });
  await page.keyboard.press('Tab');
  expect((await focused()).text.startsWith('Skip'), 'the first stop is not the link that skips to the content');
  expect(!(await focused()).covered, 'the skip link cannot be seen when it has the focus');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect((await focused()).inMain, 'skipping does not lead into the content');
  let stops = 0;
  let at = await focused();
  while (!at.why && stops < 40) {
    expect(at.line !== 'none' && at.outline >= 2, `${at.tag} ${at.id}: the focus cannot be seen`);
    expect(!at.covered, `${at.tag} ${at.id}: covered while it has the focus`);
    await page.keyboard.press('Tab');
    at = await focused();
    stops += 1;
  }
  expect(at.why, '“Why?” cannot be reached with the Tab key');
  expect(at.line !== 'none' && at.outline >= 2, '“Why?”: the focus cannot be seen');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/deficiencies/**');
  const details = page.locator('.timeline details').first();
  await details.locator('summary').focus();
  await page.keyboard.press('Enter');
  expect(await details.evaluate((element) => element.open), 'the times of a fact cannot be opened by keyboard');
  await close();
});

await group('without scripts', async () => {
  const { page, close } = await open('/', { javaScriptEnabled: false });
  const provider = page.locator('#provider option').nth(2);
  const [value, name] = [await provider.getAttribute('value'), (await provider.innerText()).replace(/ \(.*$/, '')];
  await page.selectOption('#provider', value);
  await page.click('form.filter button');
  expect(new URL(page.url()).searchParams.get('provider') === value, 'the filter does nothing');
  expect((await page.locator('h1').innerText()) === name, 'the filtered list does not name its provider');
  const rows = page.locator('table.list tbody tr');
  expect(await rows.count() > 0, 'a provider with open items has an empty list');
  const others = await page.locator('td.who a.person').evaluateAll(
    (links, own) => links.filter((link) => new URL(link.href).searchParams.get('provider') !== own).length, value);
  expect(others === 0, 'the list of a provider shows what others owe');
  await page.locator('td.why a').first().click();
  expect((await page.locator('main').innerText()).includes('What happened'), 'the explanation does not explain');
  expect(await page.locator('.timeline li').count() > 0, 'the explanation has no timeline');
  await page.locator('.crumbs a[href^="/charts/"]').click();
  expect((await page.locator('main').innerText()).includes('Owed'), 'the chart does not show what is owed');
  await page.locator('nav[aria-label=Main] a', { hasText: 'Feeds' }).click();
  const sums = await page.locator('table.list tbody tr').evaluateAll((all) => all.map((row) =>
    [...row.querySelectorAll('td.count')].map((cell) => Number.parseInt(cell.innerText.replaceAll(',', ''), 10))));
  expect(sums.length > 0 && sums.every(([whole, ...parts]) => whole === parts.reduce((sum, part) => sum + part, 0)),
    'the counts of a feed do not add up');
  await close();
});

await group('the list as a file', async () => {
  const { page, close } = await open('/');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /^CSV/ }).click()]);
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  expect(/^worklist-\d{4}-\d{2}-\d{2}\.csv$/.test(download.suggestedFilename()), 'the file has an odd name');
  expect(lines[0].startsWith('\ufeff"due","time_zone"'), 'the file has no header');
  expect(lines.length > 1, 'the file is empty');
  await close();
});

await group('trying a message again', async () => {
  const message = pages.find(({ name }) => name === 'message in quarantine');
  if (!message) {
    console.log('        skipped: nothing is in quarantine');
    return;
  }
  const { page, close } = await open(message.path);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.waitForLoadState();
  expect(await page.getByRole('status').count() === 1, `the form is refused: “${await page.locator('h1').innerText()}”`);
  await close();
});

await group('on paper', async () => {
  const { page, close } = await open('/');
  await page.emulateMedia({ media: 'print' });
  expect(!await page.locator('form.filter').isVisible(), 'the filter is printed');
  expect(!await page.locator('.top nav').isVisible(), 'the navigation is printed');
  expect(await page.locator('table.list thead').isVisible(), 'the table is printed without its head');
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(background === 'rgb(255, 255, 255)', 'paper is not white');
  await close();
});

await group('weight of the first page', async () => {
  const { page, close } = await open('/');
  const { sent, plain } = await page.evaluate(() => {
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const sum = (what) => all.reduce((total, entry) => total + entry[what], 0);
    return { sent: sum('transferSize'), plain: sum('decodedBodySize') };
  });
  console.log(`        ${sent} bytes sent, ${plain} unpacked, ${SCREENS.length} screens, ${pages.length} pages`);
  expect(sent < HEAVIEST, `the first page weighs ${sent} bytes, more than ${HEAVIEST}`);
  await close();
});

await browser.close();
console.log(`${checks} checks, ${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
