import assert from 'node:assert/strict';
import { message, practice } from './practice.ts';

describe('values of Twenty', () => {
  it('lose the parts of addresses, numbers and links that are not sent', async () => {
    const { made, ask } = practice({ line: '1.x' });
    const { id } = await made('people', {
      name: { firstName: 'Ada', lastName: 'Byron' },
      emails: { primaryEmail: 'ada@example.com' },
      linkedinLink: { primaryLinkUrl: 'https://linkedin.com/in/ada', primaryLinkLabel: 'Ada' },
    });
    const { body } = await ask('PATCH', `people/${id}`, {
      name: { firstName: 'Augusta' },
      emails: { additionalEmails: ['Two@example.com'] },
      linkedinLink: { primaryLinkLabel: 'me' },
    });
    const { emails, name, linkedinLink } = body.data.updatePerson;
    assert.deepEqual(emails, { primaryEmail: '', additionalEmails: ['Two@example.com'] });
    assert.equal(linkedinLink.primaryLinkUrl, '');
    assert.deepEqual(name, { firstName: 'Augusta', lastName: 'Byron' });
  });

  it('are phone numbers without their country, which must not contradict them', async () => {
    const { ask } = practice();
    const phones = async (given: object) => ask('POST', 'people', { phones: given });
    const national = await phones({
      primaryPhoneNumber: '06 30 123 4567',
      primaryPhoneCountryCode: 'HU',
    });
    assert.deepEqual(national.body.data.createPerson.phones, {
      primaryPhoneNumber: '301234567',
      primaryPhoneCountryCode: 'HU',
      primaryPhoneCallingCode: '+36',
      additionalPhones: null,
    });
    for (const [given, text] of [
      [{ primaryPhoneNumber: '06301234567' }, /^Provided phone number is invalid/],
      [{ primaryPhoneCountryCode: 'XX' }, /^Invalid country code XX/],
      [{ primaryPhoneCallingCode: '+999' }, /^Invalid calling code/],
      [{ primaryPhoneNumber: '+33612345678', primaryPhoneCallingCode: '+36' }, /conflicting/],
      [{ primaryPhoneNumber: '+33612345678', primaryPhoneCountryCode: 'HU' }, /conflicting/],
      [{ primaryPhoneCallingCode: '+33', primaryPhoneCountryCode: 'HU' }, /conflicting/],
      [{ additionalPhones: [{ number: 7 }] }, /^Invalid additional phone/],
    ] as const) {
      const refused = await phones(given);
      assert.equal(refused.status, 400);
      assert.match(message(refused), text);
    }
  });

  it('are links with their host in lower case, and no slash at the end', async () => {
    const { made, ask } = practice();
    const link = async (primaryLinkUrl: string): Promise<string> =>
      (await made('companies', { domainName: { primaryLinkUrl } })).domainName.primaryLinkUrl;
    assert.equal(await link('HTTPS://Acme.Example/Path/'), 'https://acme.example/Path');
    assert.equal(await link('Acme.example'), 'acme.example');
    assert.equal(await link('https://acme.example/'), 'https://acme.example');
    for (const primaryLinkUrl of ['nowhere', 'a b.example', 'ftp://acme.example', 'javascript:x']) {
      const refused = await ask('POST', 'companies', { domainName: { primaryLinkUrl } });
      assert.equal(refused.status, 400, primaryLinkUrl);
    }
  });

  it('are whole amounts, real times, and options that there are', async () => {
    const { ask, made } = practice();
    const opportunity = await made('opportunities', {
      amount: { amountMicros: '1500000000', currencyCode: 'EUR' },
      closeDate: '2026-01-02T03:04:05+01:00',
    });
    assert.equal(opportunity.amount.amountMicros, 1_500_000_000);
    assert.equal(opportunity.closeDate, '2026-01-02T02:04:05.000Z');
    assert.equal(opportunity.stage, 'NEW');
    for (const wrong of [
      { stage: 'New' },
      { amount: { amountMicros: 1.5 } },
      { closeDate: 'soon' },
      { name: 7 },
      { createdBy: { source: 'NOBODY' } },
    ]) {
      assert.equal((await ask('POST', 'opportunities', wrong)).status, 400, JSON.stringify(wrong));
    }
    const imported = await made('opportunities', { createdBy: { source: 'IMPORT' } });
    assert.equal(imported.createdBy.source, 'IMPORT');
  });

  it('are bodies in two forms, of which each follows from the other', async () => {
    const { made } = practice();
    const { bodyV2 } = await made('notes', { bodyV2: { markdown: 'Said yes' } });
    assert.equal(bodyV2.markdown, 'Said yes');
    const back = await made('notes', { bodyV2: { blocknote: bodyV2.blocknote } });
    assert.deepEqual(back.bodyV2, bodyV2);
  });
});
