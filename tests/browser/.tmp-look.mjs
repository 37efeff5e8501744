import { chromium } from 'playwright-core';
const [base, out, ...specs] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless','--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync'] });
for (const spec of specs) {
  const [path, width, scheme, name, full] = spec.split(',');
  const page = await browser.newPage({ viewport: { width: +width, height: 860 }, colorScheme: scheme, deviceScaleFactor: 1 });
  let target = path;
  if (path.startsWith('>')) { await page.goto(base + '/'); target = await page.locator('td.why a').nth(+path.slice(1)).getAttribute('href'); }
  if (path.startsWith('c>')) { await page.goto(base + '/'); await page.locator('td.why a').nth(+path.slice(2)).click(); target = await page.locator('.crumbs a').nth(1).getAttribute('href'); }
  if (path.startsWith('q>')) { await page.goto(base + '/quarantine'); target = await page.locator('td.why a').nth(+path.slice(2)).getAttribute('href'); }
  await page.goto(base + target);
  await page.screenshot({ path: `${out}/${name}.png`, fullPage: full === 'full' });
  await page.close();
}
await browser.close();
