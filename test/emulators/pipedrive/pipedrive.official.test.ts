import assert from 'node:assert/strict';
import { v1, v2 } from 'pipedrive';
import type { Emulator } from '../../../runtime/emulators/emulator.ts';
import { openPipedrive } from '../../../runtime/emulators/pipedrive/pipedrive.ts';
import { served, type Server } from '../served.ts';

/** It rejects with the body of the answer. */
interface Refusal {
  readonly success: boolean;
  readonly error: string;
}

const TOKEN = '0123456789abcdef0123456789abcdef01234567';

/** It knows nothing of emulators but their address. */
describe('the official client of Pipedrive', () => {
  let server: Server<Emulator>;
  let now: v2.Configuration;
  let older: v1.Configuration;

  before(async () => {
    server = await served((circumstances) => {
      return openPipedrive({
        ...circumstances,
        accounts: [{ name: 'sales', token: TOKEN, abilities: { searchLagMs: [0, 1] } }],
      });
    });
    now = new v2.Configuration({ apiKey: TOKEN, basePath: `${server.url}/api/v2` });
    older = new v1.Configuration({ apiKey: TOKEN, basePath: `${server.url}/api/v1` });
  });
  after(() => server.close());

  it('creates, reads, changes, lists and deletes in the new dialect', async () => {
    const persons = new v2.PersonsApi(now);
    const { data: made } = await persons.addPerson({
      AddPersonRequest: {
        name: 'Anna Kovács',
        emails: [{ value: 'anna@example.com', primary: true, label: 'work' }],
      },
    });
    const id = made!.id!;
    const { data: read } = await persons.getPerson({ id });
    assert.deepEqual([read!.name, read!.emails?.[0]?.value], ['Anna Kovács', 'anna@example.com']);
    await persons.updatePerson({ id, UpdatePersonRequest: { name: 'Anna Mária' } });
    const { data: all } = await persons.getPersons({ limit: 10 });
    assert.deepEqual(
      all!.map((person) => [person.id, person.name]),
      [[id, 'Anna Mária']],
    );
    await persons.deletePerson({ id });
    assert.deepEqual((await persons.getPersons({})).data, []);
  });

  it('goes from page to page, and searches', async () => {
    const organizations = new v2.OrganizationsApi(now);
    for (let number = 0; number < 5; number += 1) {
      await organizations.addOrganization({ AddOrganizationRequest: { name: `Firma ${number}` } });
    }
    const names: (string | undefined)[] = [];
    let cursor: string | undefined;
    do {
      const page = await organizations.getOrganizations({ limit: 2, ...(cursor && { cursor }) });
      names.push(...page.data!.map(({ name }) => name));
      cursor = page.additional_data?.next_cursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(names, ['Firma 0', 'Firma 1', 'Firma 2', 'Firma 3', 'Firma 4']);
    const found = await organizations.searchOrganization({ term: 'Firma 3' });
    assert.deepEqual(
      found.data!.items!.map(({ item }) => item?.name),
      ['Firma 3'],
    );
  });

  it('speaks the older dialect for notes', async () => {
    const { data: made } = await new v2.PersonsApi(now).addPerson({
      AddPersonRequest: { name: 'Béla' },
    });
    const notes = new v1.NotesApi(older);
    const { data: note } = await notes.addNote({
      AddNoteRequest: { content: 'Called back', person_id: made!.id! },
    });
    const { data: all } = await notes.getNotes({ person_id: made!.id! });
    assert.deepEqual(
      all!.map(({ id, content }) => [id, content]),
      [[note!.id, 'Called back']],
    );
  });

  it('is told what it did wrong in the way it expects', async () => {
    const persons = new v2.PersonsApi(now);
    await assert.rejects(persons.getPerson({ id: 999_999 }), ({ success, error }: Refusal) => {
      return !success && error !== '';
    });
    const stranger = new v2.Configuration({ apiKey: 'nobody', basePath: `${server.url}/api/v2` });
    await assert.rejects(
      new v2.PersonsApi(stranger).getPersons({}),
      ({ success }: Refusal) => !success,
    );
  });
});
