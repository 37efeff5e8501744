// Looks at every page of a running Countersign the way its readers do. Prints what was checked; fails with
// every fault found. Prints no patient data: names and numbers of patients are only compared.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { address, launch } from './browser.mjs';

const base = address('tests/browser/run');
/**
 * An access token of HIM (`countersign access add NAME --role him_manager --role chief_medical_officer`): with it, forms
 * are looked at too, and pages that only those see who are known.
 */
const token = process.env.COUNTERSIGN_TEST_TOKEN;
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
  if (options.signedIn) await context.addCookies([{ name: 'countersign_access', value: token, url: base, sameSite: 'Strict', httpOnly: true }]);
  const page = await context.newPage();
  const where = path.split('?')[0];
  // the browser itself reports a page whose status is an error
  const expected = (text) => [status, options.refused].some((known) => known >= 400 && text.includes(`status of ${known}`));
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
    return [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary, textarea')]
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
  if (token) pages.push({ name: 'explanation, with forms', path: explanation, status: 200, signedIn: true });
  await page.goto(`${base}/?status=satisfied`);
  add('explanation of a closed one', await href('td.why a'));
  await page.goto(`${base}${explanation}`);
  add('chart', await href('.crumbs a[href^="/charts/"]'));
  add('worklist, disputed', '/?status=all&disputed=true');
  add('worklist, delinquent', '/?delinquent=true');
  add('worklist, waiting', '/?status=dormant');
  add('claims', '/claims');
  add('claims, released, by provider', '/claims?state=released&by=provider');
  add('claims, nonsense', '/claims?state=nonsense', 400);
  await page.goto(`${base}/claims`);
  add('account', await href('td.why a'));
  add('rules', '/rules');
  await page.goto(`${base}/rules`);
  add('rule set', await href('th a.person'));
  add('draft of a rule set, guest', '/rules/draft');
  add('changes of a rule set', '/rules/1/changes');
  add('people', '/people');
  add('people, nobody found', '/people?q=nobody-is-called-this');
  await page.goto(`${base}/people`);
  add('person', await href('table.list a.person'));
  add('sign in', '/sign-in');
  add('providers', '/providers');
  add('providers, nobody found', '/providers?name=nobody-is-called-this');
  add('feeds', '/feeds');
  add('quarantine', '/quarantine');
  add('standing still', '/partitions');
  await page.goto(`${base}/quarantine`);
  add('message in quarantine', await href('td.why a'));
  add('leadership, guest', '/leadership', 401);
  if (token) {
    // what concerns people's privileges is only for those who are known
    const known = (name, path) => path && pages.push({ name, path, status: 200, signedIn: true });
    const signedIn = await open('/leadership', { signedIn: true });
    const first = async (path, selector) => {
      await signedIn.page.goto(`${base}${path}`);
      const link = signedIn.page.locator(selector).first();
      return (await link.count()) ? link.getAttribute('href') : null;
    };
    for (const [name, path] of [
      ['leadership', '/leadership'], ['tracks', '/tracks'], ['tracks, idle', '/tracks?state=idle'], ['register', '/suspensions'],
      ['runs', '/runs'], ['escalation policies', '/policies'], ['auditor', '/auditor'], ['notices', '/notices'],
      ['notices, formal', '/notices?class=formal'], ['letters', '/letters'], ['letters that left', '/letters?state=left'],
      ['not delivered', '/dead-letters'], ['addresses', '/contact-tasks'], ['mode', '/notices/mode'], ['messages', '/messages'],
    ]) known(name, path);
    known('something that waits', await first('/leadership', 'td.act a.button'));
    known('track', await first('/tracks', 'td.act a.button'));
    known('evidence', await first('/suspensions', 'td.act a.button'));
    known('list of a run', await first('/runs', 'td.act a.button'));
    known('escalation policy', await first('/policies', 'th a.person'));
    known('changes of a policy', await first('/policies', 'td.act a.button'));
    known('draft of a policy', '/policies/draft');
    known('draft of a rule set', '/rules/draft');
    const notice = await first('/notices', 'td.act a.button');
    known('notice', notice);
    known('proof of notice', notice && `${notice}/proof`);
    known('contact', await first('/notices', 'a[href^="/contacts/"]'));
    known('message', await first('/messages', 'td.act a.button'));
    await signedIn.close();
  }
  add('no such page', '/no-such-page', 404);
  add('no such deficiency', '/deficiencies/no-such-id', 404);
  await close();
});

// ── every page on every screen ───────────────────────────────────────────────────────────────────

for (const { name, path, status, signedIn } of pages) {
  await group(name, async () => {
    const { page, where, close } = await open(path, { signedIn }, status);
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

await group('signing in and being refused', async () => {
  const { page, close } = await open(
    pages.find(({ name }) => name === 'explanation').path, { javaScriptEnabled: false, refused: 401 });
  const item = new URL(page.url()).pathname;
  await page.getByRole('link', { name: 'Sign in to dispute or decide' }).click();
  expect(new URL(page.url()).searchParams.get('next') === item, 'signing in does not know the way back');
  await page.getByLabel('Access token').fill('cst_nobody_has_this');
  const [answer] = await Promise.all([page.waitForResponse((response) => response.url().endsWith('/sign-in')), page.keyboard.press('Enter')]);
  expect(answer.status() === 401, `an unknown token is answered with ${answer.status()}`);
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').count() === 1, 'an unknown token is refused without a word');
  expect((await page.context().cookies()).length === 0, 'an unknown token is kept');
  await close();
});

await group('drafting', async () => {
  if (!token) {
    console.log('        skipped: COUNTERSIGN_TEST_TOKEN names no token');
    return;
  }
  const { page, where, close } = await open('/policies/draft', { javaScriptEnabled: false, signedIn: true, refused: 422 });
  const text = page.locator('textarea.file');
  const whole = await text.inputValue();
  expect(whole.includes('[[step]]'), 'the text to write on is not that of a policy');
  await text.fill(`${whole}\nno_such_setting = 7\n`);
  await page.getByLabel('Why').fill('a look');
  await page.getByRole('button', { name: 'Draft it' }).click();
  await page.locator('.faults').waitFor();
  expect((await page.locator('.faults').innerText()).includes('no_such_setting'), 'the fault is not told beside the text');
  expect((await text.inputValue()).endsWith('no_such_setting = 7\n'), 'the text is lost');
  expect(await page.getByLabel('Why').inputValue() === 'a look', 'the reason is lost');
  expect(await text.getAttribute('aria-invalid') === 'true', 'who only hears the page is not told of the fault');
  await page.setViewportSize({ width: 320, height: 800 });
  await fits(page, `${where}, with a fault`);
  await text.fill(`${whole}\n# as it is, with a remark\n`);
  await page.getByRole('button', { name: 'Look for faults' }).click();
  await page.locator('.notice.good').waitFor();
  await page.getByRole('button', { name: 'Draft it' }).click();
  await page.getByRole('status').waitFor();
  expect(/\/policies\/\d+$/.test(new URL(page.url()).pathname), 'the draft has no page of its own');
  expect((await page.locator('main').innerText()).includes('Drafted by'), 'the draft does not tell whose it is');
  await close();
});

await group('deciding', async () => {
  if (!token) {
    console.log('        skipped: COUNTERSIGN_TEST_TOKEN names no token');
    return;
  }
  const { page, close } = await open('/sign-in', { javaScriptEnabled: false });
  await page.getByLabel('Access token').fill(token);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname !== '/sign-in');
  expect(await page.getByText('Signed in as').count() === 1, 'the page does not say who is signed in');
  const [cookie] = await page.context().cookies();
  expect(cookie?.httpOnly && cookie.sameSite === 'Strict' && cookie.path === '/' && cookie.expires === -1,
    'the cookie is not for this site and this session only');
  await page.goto(`${base}/?status=open&rule=R13`);
  await page.locator('td.why a').first().click();
  const hold = page.locator('details', { hasText: 'Put it on hold' });
  await hold.locator('summary').focus();
  await page.keyboard.press('Enter');
  await hold.getByLabel('Why').fill('chart in the vault');
  await hold.getByRole('button', { name: 'Hold' }).click();
  await page.locator('.notice').first().waitFor();
  expect(await page.getByRole('status').count() === 1, `the hold is refused: “${await page.locator('main').innerText()}”`.slice(0, 300));
  expect((await page.locator('.timeline').innerText()).includes('chart in the vault'), 'the hold is not in the timeline');
  expect(await page.locator('#stretches').count() === 1, 'the stretches of the clock are not shown');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  expect((await page.context().cookies()).length === 0, 'signing out keeps the token');
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
  // who runs a message again must be known once anybody is
  const { page, close } = await open(message.path, { signedIn: Boolean(token) });
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
  expect(!await page.locator('.visitor').isVisible(), 'who is signed in is printed');
  expect(!await page.locator('.shortcuts').isVisible(), 'the shortcuts are printed');
  await page.goto(`${base}/feeds`);
  expect(!await page.locator('.within').isVisible(), 'the pages of a section are printed');
  await page.goto(`${base}/`);
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
