import { no, noted } from './vector.ts';
import type { VectorTable } from './vector.ts';

export const dates: VectorTable = {
  title: 'a date',
  spec: { kind: 'date' },
  vectors: [
    ['2026-01-12', '2026-01-12', 'canonical'],
    [' 2026-01-12 ', '2026-01-12', 'blanks around'],
    ['2024-02-29', '2024-02-29', 'a leap year'],
    ['2000-02-29', '2000-02-29', 'divisible by 400'],
    ['2026-02-29', no('date-invalid'), 'no leap year'],
    ['1900-02-29', no('date-invalid'), 'divisible by 100 but not by 400'],
    ['2100-02-29', no('date-invalid'), 'so will be 2100'],
    ['2026-02-30', no('date-invalid'), 'JavaScript would make it the second of March'],
    ['2026-04-31', no('date-invalid'), 'April has thirty days'],
    ['2026-13-01', no('date-invalid'), 'no thirteenth month'],
    ['2026-00-10', no('date-invalid'), 'no month zero'],
    ['0001-01-01', '0001-01-01', 'the first day'],
    ['9999-12-31', '9999-12-31', 'the last day'],
    ['0000-12-31', no('date-invalid'), 'there is no year zero in PostgreSQL'],
    ['1582-10-10', '1582-10-10', 'the calendar goes on backwards (ISO 8601)'],
    ['2026-1-2', no('date-invalid'), 'two digits each'],
    ['2026/01/12', no('date-invalid'), 'slashes'],
    ['12.01.2026', no('date-invalid'), 'could be December'],
    ['2026. 01. 12.', no('date-invalid'), 'the Hungarian way is for people'],
    ['20260112', no('date-invalid'), 'without hyphens'],
    ['2026-01-12T00:00:00Z', '2026-01-12', 'midnight UTC is how vendors without dates keep one'],
    ['2026-01-12T00:00:00.000+00:00', '2026-01-12', 'the same with an offset'],
    ['2026-01-12 00:00:00', '2026-01-12', 'midnight of no zone'],
    ['2026-01-11T23:00:00Z', no('date-with-time'), 'midnight in Budapest, but nobody said so'],
    ['2026-01-12T12:00:00Z', no('date-with-time'), 'noon'],
    [
      1768176000000,
      no('date-invalid'),
      'a bare count of time needs a transform that names its unit',
    ],
    [null, null, 'cleared stays cleared'],
    ['', null, 'blank is cleared'],
  ],
};

export const datesInZones: readonly VectorTable[] = [
  {
    title: 'a date that the vendor keeps as an instant in Budapest',
    spec: { kind: 'date', options: { zone: 'Europe/Budapest' } },
    vectors: [
      ['2026-01-11T23:00:00Z', '2026-01-12', 'midnight in winter is 23:00 UTC of the day before'],
      ['2026-07-11T22:00:00Z', '2026-07-12', 'midnight in summer is 22:00 UTC'],
      ['2026-07-11T21:59:59Z', '2026-07-11', 'a second before'],
      ['2026-01-12T00:00:00Z', '2026-01-12', 'one in the morning'],
      ['2026-01-12T22:59:59.999Z', '2026-01-12', 'the last millisecond of the day'],
      ['2026-03-28T23:00:00Z', '2026-03-29', 'midnight of the day the clocks go forward'],
      ['2026-03-29T22:00:00Z', '2026-03-30', 'that day has 23 hours'],
      ['2026-10-24T22:00:00Z', '2026-10-25', 'midnight of the day they go back'],
      ['2026-10-25T22:59:00Z', '2026-10-25', 'that day has 25 hours'],
      ['2026-01-12', '2026-01-12', 'a day is a day'],
    ],
  },
  {
    title: 'a date that the vendor keeps as an instant in New York',
    spec: { kind: 'date', options: { zone: 'America/New_York' } },
    vectors: [
      ['2026-01-12T05:00:00Z', '2026-01-12', 'midnight in winter'],
      ['2026-01-12T04:59:59Z', '2026-01-11', 'a second before'],
      ['2026-01-12T00:00:00Z', '2026-01-11', 'midnight UTC is still yesterday there'],
    ],
  },
  {
    title: 'a date that the vendor keeps as an instant in Kiritimati',
    spec: { kind: 'date', options: { zone: 'Pacific/Kiritimati' } },
    vectors: [
      ['2025-12-31T10:00:00Z', '2026-01-01', 'the first to see the new year, 14 hours ahead'],
    ],
  },
  {
    title: 'a date that the vendor keeps as an instant in Kathmandu',
    spec: { kind: 'date', options: { zone: 'Asia/Kathmandu' } },
    vectors: [
      ['2025-12-31T18:15:00Z', '2026-01-01', '5:45 ahead'],
      ['2025-12-31T18:14:59Z', '2025-12-31', 'a second before'],
    ],
  },
];

export const instants: VectorTable = {
  title: 'an instant',
  spec: { kind: 'dateTime' },
  vectors: [
    ['2026-01-12T09:30:00.000Z', '2026-01-12T09:30:00.000Z', 'canonical'],
    ['2026-01-12T09:30:00Z', '2026-01-12T09:30:00.000Z', 'whole seconds'],
    ['2026-01-12T09:30Z', '2026-01-12T09:30:00.000Z', 'whole minutes (ISO 8601)'],
    ['2026-01-12t09:30:00z', '2026-01-12T09:30:00.000Z', 'small letters (RFC 3339 5.6)'],
    ['2026-01-12 09:30:00Z', '2026-01-12T09:30:00.000Z', 'a blank for the T (RFC 3339 5.6)'],
    [
      '2026-01-12 09:30:00.123456+00',
      '2026-01-12T09:30:00.123Z',
      'as PostgreSQL prints it; microseconds are cut off',
    ],
    ['2026-01-12T10:30:00+01:00', '2026-01-12T09:30:00.000Z', 'an offset'],
    ['2026-01-12T10:30:00+0100', '2026-01-12T09:30:00.000Z', 'without the colon (ISO 8601 basic)'],
    ['2026-01-12T15:15:00+05:45', '2026-01-12T09:30:00.000Z', 'an offset of quarters'],
    ['2026-01-12T06:00:00-03:30', '2026-01-12T09:30:00.000Z', 'a negative offset of halves'],
    [
      '2026-01-12T09:30:00-00:00',
      '2026-01-12T09:30:00.000Z',
      'UTC of an unknown place (RFC 3339 4.3)',
    ],
    ['2026-01-12T00:30:00+02:00', '2026-01-11T22:30:00.000Z', 'the day before in UTC'],
    ['2026-01-12T09:30:00.1Z', '2026-01-12T09:30:00.100Z', 'a tenth of a second'],
    ['2026-01-12T09:30:00,25Z', '2026-01-12T09:30:00.250Z', 'a comma (ISO 8601)'],
    [
      '2026-01-12T09:30:00.9999Z',
      '2026-01-12T09:30:00.999Z',
      'cut off, never rounded into the next second',
    ],
    ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z', 'before 1970 as well'],
    ['2026-12-31T23:59:59.999Z', '2026-12-31T23:59:59.999Z', 'the last of the year'],
    ['2026-01-12T09:30:00', no('time-without-zone'), 'nobody knows where these clocks hang'],
    ['2026-01-12', no('time-invalid'), 'a day is no instant'],
    ['2026-02-29T09:30:00Z', no('time-invalid'), 'that day is not'],
    ['2026-01-12T24:00:00Z', no('time-invalid'), 'write the next day'],
    ['2016-12-31T23:59:60Z', no('time-invalid'), 'a leap second has no place in the POSIX count'],
    ['2026-01-12T09:60:00Z', no('time-invalid'), 'sixty minutes'],
    ['2026-01-12T09:30:00+24:00', no('time-invalid'), 'no such offset (RFC 3339 5.6)'],
    ['0001-01-01T00:00:00+01:00', no('time-invalid'), 'before the first year'],
    ['tomorrow', no('time-invalid'), 'a word'],
    [1768210200000, no('wrong-type'), 'a bare count of time needs a transform that names its unit'],
    [null, null, 'cleared stays cleared'],
  ],
};

export const instantsOfUtcClocks: VectorTable = {
  title: 'an instant of a vendor that writes UTC without saying so',
  spec: { kind: 'dateTime', options: { zone: 'UTC' } },
  vectors: [
    ['2026-01-12 09:30:00', '2026-01-12T09:30:00.000Z', 'Pipedrive v1'],
    ['2026-01-12T10:30:00+01:00', '2026-01-12T09:30:00.000Z', 'a written offset decides'],
  ],
};

const skipped = 'time-skipped';
const repeated = 'time-repeated';

/**
 * Clocks: the European Union changes at 01:00 UTC on the last Sundays of March and October, the United
 * States at 02:00 local time on the second Sunday of March and the first of November. The instants
 * were worked out from the rules of the tz database and checked with Python's zoneinfo.
 */
export const wallTimes: VectorTable = {
  title: 'a time on the clocks of a zone',
  spec: { kind: 'zonedDateTime' },
  vectors: [
    [
      local('2026-01-15T12:00', 'Europe/Budapest'),
      at('2026-01-15T11:00', 'Europe/Budapest'),
      'winter, an hour ahead',
    ],
    [
      local('2026-07-15T12:00', 'Europe/Budapest'),
      at('2026-07-15T10:00', 'Europe/Budapest'),
      'summer, two',
    ],
    [
      local('2026-03-29T01:59', 'Europe/Budapest'),
      at('2026-03-29T00:59', 'Europe/Budapest'),
      'the last minute of winter',
    ],
    [
      local('2026-03-29T03:00', 'Europe/Budapest'),
      at('2026-03-29T01:00', 'Europe/Budapest'),
      'the first of summer',
    ],
    [
      local('2026-03-29T02:30', 'Europe/Budapest'),
      noted(at('2026-03-29T01:30', 'Europe/Budapest'), skipped),
      'never was; half an hour after the gap instead (RFC 5545)',
    ],
    [
      local('2026-10-25T02:30', 'Europe/Budapest'),
      noted(at('2026-10-25T00:30', 'Europe/Budapest'), repeated),
      'twice; the first, still summer (RFC 5545)',
    ],
    [
      local('2026-10-25T01:59', 'Europe/Budapest'),
      at('2026-10-24T23:59', 'Europe/Budapest'),
      'only once',
    ],
    [
      local('2026-10-25T03:00', 'Europe/Budapest'),
      at('2026-10-25T02:00', 'Europe/Budapest'),
      'only once',
    ],
    [
      local('2026-03-29T00:00', 'Europe/Budapest'),
      at('2026-03-28T23:00', 'Europe/Budapest'),
      'midnight before the change',
    ],
    [
      local('2026-03-08T02:30', 'America/New_York'),
      noted(at('2026-03-08T07:30', 'America/New_York'), skipped),
      'never was',
    ],
    [
      local('2026-11-01T01:30', 'America/New_York'),
      noted(at('2026-11-01T05:30', 'America/New_York'), repeated),
      'twice',
    ],
    [
      local('2025-12-31T23:59', 'America/New_York'),
      at('2026-01-01T04:59', 'America/New_York'),
      'another year in UTC',
    ],
    [
      local('2026-10-04T02:15', 'Australia/Lord_Howe'),
      noted(at('2026-10-03T15:45', 'Australia/Lord_Howe'), skipped),
      'the clocks go forward by half an hour only',
    ],
    [
      local('2026-10-04T02:30', 'Australia/Lord_Howe'),
      at('2026-10-03T15:30', 'Australia/Lord_Howe'),
      'so half past two was',
    ],
    [
      local('2026-04-05T01:45', 'Australia/Lord_Howe'),
      noted(at('2026-04-04T14:45', 'Australia/Lord_Howe'), repeated),
      'and back by half an hour',
    ],
    [
      local('2011-12-30T12:00', 'Pacific/Apia'),
      noted(at('2011-12-30T22:00', 'Pacific/Apia'), skipped),
      'Samoa left this whole day out',
    ],
    [
      local('2011-12-29T23:59', 'Pacific/Apia'),
      at('2011-12-30T09:59', 'Pacific/Apia'),
      'the last minute east of the date line',
    ],
    [
      local('2011-12-31T00:00', 'Pacific/Apia'),
      at('2011-12-30T10:00', 'Pacific/Apia'),
      'the first west of it',
    ],
    [
      local('2026-10-04T02:30', 'Australia/Adelaide'),
      noted(at('2026-10-03T17:00', 'Australia/Adelaide'), skipped),
      'halves of hours and daylight time',
    ],
    [
      local('2026-01-01T00:30', 'Asia/Kolkata'),
      at('2025-12-31T19:00', 'Asia/Kolkata'),
      '5:30 ahead',
    ],
    [
      local('2026-01-01T00:30', 'Asia/Kathmandu'),
      at('2025-12-31T18:45', 'Asia/Kathmandu'),
      '5:45 ahead',
    ],
    [
      local('2026-04-05T03:15', 'Pacific/Chatham'),
      noted(at('2026-04-04T13:30', 'Pacific/Chatham'), repeated),
      '13:45 ahead in summer',
    ],
    [
      local('2026-09-27T03:00', 'Pacific/Chatham'),
      noted(at('2026-09-26T14:15', 'Pacific/Chatham'), skipped),
      '12:45 ahead in winter',
    ],
    [
      local('2026-03-08T02:30', 'America/St_Johns'),
      noted(at('2026-03-08T06:00', 'America/St_Johns'), skipped),
      '3:30 behind',
    ],
    [
      local('2026-03-29T02:00', 'Antarctica/Troll'),
      noted(at('2026-03-29T02:00', 'Antarctica/Troll'), skipped),
      'the clocks go forward by two hours',
    ],
    [
      local('2026-11-01T00:30', 'America/Havana'),
      noted(at('2026-11-01T04:30', 'America/Havana'), repeated),
      'the hour after midnight, twice',
    ],
    [
      local('2026-09-06T00:30', 'America/Santiago'),
      noted(at('2026-09-06T04:30', 'America/Santiago'), skipped),
      'no midnight that day',
    ],
    [
      local('2018-11-04T00:30', 'America/Sao_Paulo'),
      noted(at('2018-11-04T03:30', 'America/Sao_Paulo'), skipped),
      'nor here',
    ],
    [
      local('2016-05-01T02:45', 'America/Caracas'),
      noted(at('2016-05-01T07:15', 'America/Caracas'), skipped),
      'a change of the zone itself, by half an hour',
    ],
    [
      local('2026-10-25T01:30', 'Europe/Dublin'),
      noted(at('2026-10-25T00:30', 'Europe/Dublin'), repeated),
      'where winter is the exception in law',
    ],
    [
      local('2026-03-29T03:30', 'Europe/Istanbul'),
      at('2026-03-29T00:30', 'Europe/Istanbul'),
      'no daylight time any more',
    ],
    [
      local('2026-01-01T00:30', 'Pacific/Kiritimati'),
      at('2025-12-31T10:30', 'Pacific/Kiritimati'),
      '14 hours ahead',
    ],
    [
      local('2026-01-01T00:30', 'Pacific/Niue'),
      at('2026-01-01T11:30', 'Pacific/Niue'),
      '11 behind',
    ],
    [local('2026-01-15T12:00', 'UTC'), at('2026-01-15T12:00', 'UTC'), 'no offset at all'],
    [
      local('2026-01-15T12:00', 'europe/budapest'),
      at('2026-01-15T11:00', 'Europe/Budapest'),
      'names of zones have no case',
    ],
    [
      '2026-03-29T03:30:00+02:00[Europe/Budapest]',
      at('2026-03-29T01:30', 'Europe/Budapest'),
      'RFC 9557',
    ],
    [
      '2026-10-25T02:30:00+01:00[Europe/Budapest]',
      at('2026-10-25T01:30', 'Europe/Budapest'),
      'the offset picks the second of the two',
    ],
    [
      { instant: '2026-10-25T01:30:00Z', zone: 'Europe/Budapest' },
      at('2026-10-25T01:30', 'Europe/Budapest'),
      'so does the instant',
    ],
    [local('2026-01-15T12:00', 'Europe/Atlantis'), no('zone-unknown'), 'no such place'],
    [
      local('2026-01-15T12:00', 'Central Europe Standard Time'),
      no('zone-unknown'),
      'a name of Windows',
    ],
    [
      local('2026-01-15T12:00', '+01:00'),
      no('zone-unknown'),
      'an offset is no zone: it knows no summer',
    ],
    ['2026-01-15T12:00:00Z', no('time-without-zone'), 'an instant, but whose clocks?'],
    [null, null, 'cleared stays cleared'],
  ],
};

export const strictWallTimes: VectorTable = {
  title: 'a time on the clocks of a zone that refuses doubtful ones',
  spec: {
    kind: 'zonedDateTime',
    options: { zone: 'Europe/Budapest', skipped: 'refuse', repeated: 'refuse' },
  },
  vectors: [
    ['2026-03-29T02:30:00', no('time-skipped'), 'never was'],
    ['2026-10-25T02:30:00', no('time-repeated'), 'twice'],
    ['2026-10-25T03:30:00', at('2026-10-25T02:30', 'Europe/Budapest'), 'once'],
  ],
};

export const secondWallTimes: VectorTable = {
  title: 'a time on the clocks of a zone that takes the second of two',
  spec: { kind: 'zonedDateTime', options: { zone: 'Europe/Budapest', repeated: 'second' } },
  vectors: [['2026-10-25T02:30:00', at('2026-10-25T01:30', 'Europe/Budapest'), 'winter already']],
};

function local(time: string, zone: string): unknown {
  return { local: time, zone };
}

function at(time: string, zone: string): { instant: string; zone: string } {
  return { instant: `${time}:00.000Z`, zone };
}
