/** Mappings as they are written for the vendors: nested objects, properties, lists, people. */
import { compileMapping } from '../../../runtime/core/mapping/mapping.ts';

export const fullName = {
  kind: 'composite',
  options: { parts: { given: { kind: 'text' }, family: { kind: 'text' } } },
};

export const twenty = compileMapping({
  replacedWhole: ['name', 'emails', 'phones'],
  fields: {
    name: {
      ...fullName,
      parts: { given: { path: 'name.firstName' }, family: { path: 'name.lastName' } },
    },
    email: { kind: 'email', path: 'emails.primaryEmail', writeCleared: '' },
    phone: {
      kind: 'phone',
      options: { region: 'HU' },
      transforms: [{ use: 'phoneParts' }],
      parts: {
        number: { path: 'phones.primaryPhoneNumber' },
        callingCode: { path: 'phones.primaryPhoneCallingCode' },
        country: { path: 'phones.primaryPhoneCountryCode' },
      },
    },
    revenue: {
      kind: 'money',
      parts: {
        amount: {
          path: 'annualRecurringRevenue.amountMicros',
          transforms: [{ use: 'jsonNumber' }, { use: 'scale', power: 6 }],
        },
        currency: { path: 'annualRecurringRevenue.currencyCode' },
      },
    },
    company: { kind: 'reference', path: 'companyId' },
    context: { kind: 'json', path: 'llmContext', transforms: [{ use: 'jsonText' }] },
  },
});

export const hubspot = compileMapping({
  fields: {
    name: {
      ...fullName,
      parts: {
        given: { path: 'properties.firstname', writeCleared: '' },
        family: { path: 'properties.lastname', writeCleared: '' },
      },
    },
    email: { kind: 'email', path: 'properties.email', writeCleared: '' },
    amount: {
      kind: 'money',
      parts: {
        amount: { path: 'properties.amount', writeCleared: '' },
        currency: { path: 'properties.deal_currency_code', writeCleared: { leave: true } },
      },
    },
    tags: {
      kind: 'set',
      options: { element: { kind: 'enum' } },
      path: 'properties.tags',
      transforms: [{ use: 'list', separator: ';' }],
    },
    customer: {
      kind: 'boolean',
      path: 'properties.customer',
      values: [
        { remote: 'true', value: true },
        { remote: 'false', value: false },
      ],
    },
    stage: {
      kind: 'enum',
      options: { values: ['NEW', 'WON'] },
      path: 'properties.dealstage',
      values: [
        { remote: 'appointmentscheduled', value: 'NEW' },
        { remote: 'closedwon', value: 'WON', write: true },
        { remote: 'contractsent', value: 'WON' },
      ],
    },
    created: { kind: 'dateTime', path: 'properties.createdate', direction: 'in' },
    secret: { kind: 'text', path: 'properties.secret', direction: 'off' },
  },
});

export const pipedrive = compileMapping({
  fields: {
    name: { ...fullName, path: 'name', transforms: [{ use: 'fullName', order: 'familyFirst' }] },
    email: {
      kind: 'email',
      path: 'emails',
      clearedBy: ['emptyList'],
      writeCleared: [],
      transforms: [{ use: 'primary', value: 'value', flag: 'primary' }],
    },
    labels: {
      kind: 'set',
      options: { element: { kind: 'enum' } },
      path: 'label_ids',
      values: [
        { remote: 5, value: 'vip' },
        { remote: 6, value: 'lost' },
      ],
    },
    organisation: { kind: 'reference', path: 'org_id', transforms: [{ use: 'jsonNumber' }] },
    closed: {
      kind: 'dateTime',
      path: 'won_time',
      transforms: [{ use: 'instant', remote: 'isoSeconds' }],
    },
  },
});

export const sharepoint = compileMapping({
  absent: 'cleared',
  fields: {
    title: { kind: 'text', path: 'fields.Title', vendor: { maxLength: 10 } },
    closeDate: {
      kind: 'date',
      path: 'fields.CloseDate',
      transforms: [{ use: 'dayStart', zone: 'Europe/Budapest' }],
    },
    amount: {
      kind: 'money',
      options: { currency: 'HUF' },
      parts: { amount: { path: 'fields.Amount', transforms: [{ use: 'jsonNumber' }] } },
    },
    externalId: {
      kind: 'text',
      path: 'fields.TwentyId',
      transforms: [{ use: 'prefix', text: 'crm:' }],
    },
    modified: {
      kind: 'dateTime',
      path: 'fields.Seen',
      vendor: { granularity: 'second' },
    },
  },
});
