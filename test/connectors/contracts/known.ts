/**
 * Where connectors and emulators differ from what vendors describe, for a good reason: mostly, where a
 * vendor's other documentation, or what was seen of it, says more than its description.
 */

export interface Known {
  readonly vendor: string;
  readonly reason: string;
  /** With a star for any text. Each one has to occur. */
  readonly deviations: readonly string[];
}

const OBJECT_MEMBERS = [
  'dataSourceId',
  'imageIdentifierFieldMetadataId',
  'isLabelSyncedWithName',
  'isSearchable',
  'isUIReadOnly',
  'shortcut',
  'fields/*/relation',
];

export const KNOWN: readonly Known[] = [
  // -------------------------------------------------------------------------------------------
  // HubSpot
  {
    vendor: 'hubspot',
    reason: 'Its documentation shows a "status" in every refusal.',
    deviations: ['*: answer 4* /status is not described', '*: answer 5* /status is not described'],
  },
  {
    vendor: 'hubspot',
    reason: 'Its documentation shows other members where a limit is reached.',
    deviations: [
      '*: answer 429 /category is missing',
      '*: answer 429 /errorType is not described',
      '*: answer 429 /policyName is not described',
      '*: answer 429 /requestId is not described',
    ],
  },
  {
    vendor: 'hubspot',
    reason: 'On bad days it answers with a page, or with nothing.',
    deviations: [
      '*: answer 4* / has to be object, and is string',
      '*: answer 5* / has to be object, and is string',
      '*: answer 4* has no body',
      '*: answer 5* has no body',
    ],
  },
  {
    vendor: 'hubspot',
    reason: 'What went wrong with items of a batch is told with less than is described.',
    deviations: [
      '*/batch/*: answer 20* /errors/*/errors is missing',
      '*/batch/*: answer 20* /errors/*/links is missing',
      '*/batch/read: answer 20* /errors/*/subCategory has to be object, and is string',
    ],
  },
  {
    vendor: 'hubspot',
    reason: 'A property that is not set is null, also where only texts are described.',
    deviations: ['*: answer 20* /results/*/properties/* has to be string, and is null'],
  },
  {
    vendor: 'hubspot',
    reason:
      'Its documentation shows types of associations that have no label, and ids as numbers in v4.',
    deviations: [
      '*/batch/read: answer 200 */associationTypes/*/label has to be string, and is null',
      'POST /crm/v4/*/batch/read: answer 200 */toObjectId has to be string, and is number',
    ],
  },
  {
    vendor: 'hubspot',
    reason: 'Items are created without associations when there are none; that was seen to work.',
    deviations: ['*/batch/create: body /inputs/*/associations is missing'],
  },
  {
    vendor: 'hubspot',
    reason: 'Its documentation sorts searches by objects, which say in which direction.',
    deviations: ['*/search: body /sorts/* has to be string, and is object'],
  },
  {
    vendor: 'hubspot',
    reason:
      'Of the end point for tokens only errors are described, and not as they are documented.',
    deviations: ['POST /oauth/2026-09/token: answer *'],
  },

  // -------------------------------------------------------------------------------------------
  // Pipedrive
  {
    vendor: 'pipedrive',
    reason: 'What is not set is null, also where the description forgets to say so.',
    deviations: ['*: answer 20* /*, and is null'],
  },
  {
    vendor: 'pipedrive',
    reason: 'Null clears a field, as its documentation says for all of them.',
    deviations: ['PATCH *: body /org_id has to be integer, and is null'],
  },
  {
    vendor: 'pipedrive',
    reason: 'Whether it is allowed, a request tells that is refused anyway and so costs little.',
    deviations: ['GET /api/v1/recents: query since_timestamp is missing'],
  },
  {
    vendor: 'pipedrive',
    reason: 'Most of its refusals are documented elsewhere, and so is what stands in them.',
    deviations: [
      '*: answer 4* is not described',
      '*: answer 5* is not described',
      '*: answer 401 /error_info is not described',
    ],
  },
  {
    vendor: 'pipedrive',
    reason: 'Whether a create answers 200 or 201, nobody could tell; connectors take both.',
    deviations: ['POST /api/v2/*: answer 201 is not described'],
  },
  {
    vendor: 'pipedrive',
    reason:
      'The examples in the description show these members of deals, and the schemas lack them.',
    deviations: [
      '*/deals*: answer 20* /data*/archive_time is not described',
      '*/deals*: answer 20* /data*/creator_user_id is not described',
      '*/deals*: answer 20* /data*/local_close_date is not described',
      '*/deals*: answer 20* /data*/local_lost_date is not described',
      '*/deals*: answer 20* /data*/local_won_date is not described',
    ],
  },
  {
    vendor: 'pipedrive',
    reason: 'Several statuses may be asked for at once, as the words beside the schema say.',
    deviations: ['GET /api/v2/deals*: query status is none of the values that there are'],
  },
  {
    vendor: 'pipedrive',
    reason: 'The older version was seen to tell users as objects.',
    deviations: [
      'GET /api/v1/recents: answer 200 /data/*/data/owner_id has to be integer, and is object',
    ],
  },
  {
    vendor: 'pipedrive',
    reason: 'The suite sends what no vendor takes, to see how it is refused.',
    deviations: [
      'PATCH *: body /noSuchMember is not described',
      '* /api/v1/notes*: body /org_id has to be integer, and is string',
      'POST *: body /visible_to has to be integer, and is string',
    ],
  },

  // -------------------------------------------------------------------------------------------
  // Twenty
  {
    vendor: 'twenty',
    reason: 'People have added these fields to their workspace, or we have.',
    deviations: ['grade', 'nickname', 'own*', 'tributaryMarker'].flatMap((name) => [
      `*: answer 20* /data/*/${name} is not described`,
      `*: body /*${name} is not described`,
    ]),
  },
  {
    vendor: 'twenty',
    reason: 'Servers tell more of their objects, fields and webhooks than the description has.',
    deviations: [
      ...OBJECT_MEMBERS.map(
        (name) => `GET /rest/metadata/objects: answer 200 /data/*/${name} is not described`,
      ),
      'POST /rest/metadata/fields: answer 201 *isLabelSyncedWithName is not described',
      '* /rest/metadata/webhooks: answer 20* *workspaceId is not described',
    ],
  },
  {
    vendor: 'twenty',
    reason:
      'Some versions of the server know the parameter by this name, and those only delete softly by it.',
    deviations: ['DELETE *: query softDelete is not described'],
  },
  {
    vendor: 'twenty',
    reason: 'Servers from before 2026 have other names for what a note is about.',
    deviations: ['companyId', 'opportunityId', 'personId'].map(
      (name) => `*/noteTargets: * /*${name} is not described`,
    ),
  },
  {
    vendor: 'twenty',
    reason: 'Servers from before the end of 2025 restore at this address.',
    deviations: ['PATCH /rest/restore/*: there is not described'],
  },
  {
    vendor: 'twenty',
    reason: 'A body of nothing is sent, so that a server that reads one finds one.',
    deviations: ['PATCH */restore: body is not described'],
  },
  {
    vendor: 'twenty',
    reason: 'On bad days it answers with other statuses, and what stands before it with a page.',
    deviations: [
      '*: answer 404 is not described',
      '*: answer 413 is not described',
      '*: answer 5* is not described',
      '*: answer 4* is not described as text/html',
    ],
  },
  {
    vendor: 'twenty',
    reason: 'The suite sends what no vendor takes, to see how it is refused.',
    deviations: ['PATCH *: body /noSuchMember is not described'],
  },
];
