/** How a person gets into the editor. */
import type { Page } from 'playwright-core';

/** Fills in the login that the editor shows. Wait for the editor, or for its refusal. */
export async function logInToEditor(
  page: Page,
  { name = 'admin', password }: { name?: string; password: string },
): Promise<void> {
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Login' }).click();
}
