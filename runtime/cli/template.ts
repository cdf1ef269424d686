/** The configuration that `tributary init` writes: it works as it is with `tributary emulate grumpy`. */
export const template = `# yaml-language-server: $schema=./tributary.schema.json
#
# What Tributary keeps the same, and where. To try it as it is:
#
#   tributary emulate grumpy        two practice accounts on this machine, in another terminal
#   tributary sync --once --preview shows every write and sends none
#   tributary sync --once           sends them
#
# In values, \${NAME} is a variable of the environment and \${NAME:-text} has a default. Tokens belong
# there, not into this file.

# Without a database, one of its own is kept in the folder .tributary beside this file.
# database: \${DATABASE_URL}

# Accounts are on the internet, and encrypted; other places are only called when they are named here.
allow: [127.0.0.1]

# Where vendors reach "tributary sync --daemon" from outside, to tell of changes at once.
# hookUrl: https://sync.example.com

accounts:
  sales:
    vendor: grumpy
    baseUrl: http://127.0.0.1:4010
    token: \${SALES_TOKEN:-demo-sales}
    # hookSecret: \${SALES_HOOK_SECRET}   # to take webhooks that were set up by hand
  support:
    vendor: grumpy
    baseUrl: http://127.0.0.1:4010
    token: \${SUPPORT_TOKEN:-demo-support}
    # id: helpdesk                       # after renaming an account: its first name

syncs:
  people:
    # status: preview                    # plans and shows, sends nothing; or paused
    latency: batched                     # immediate, batched (15 s), relaxed (5 min) or daily

    # Who takes part, the most trusted first, and where each field stands there. A field that an
    # account does not list is not kept there.
    members:
      sales:
        collection: people
        fields: { email: email, name: name, phone: phone, tags: tags }
        # filter: { tags: [vip] }        # only these records belong here
        # create: false                  # never create records here
      support:
        collection: contacts
        fields:
          email: emailAddress
          name: fullName
          phone: { path: mobile }        # or { path: ..., direction: in } to read it only
        # delete: false                  # never delete records here

    # What each field is. match: the same value means the same record.
    fields:
      email: { kind: email, match: true }
      name: text
      phone: { kind: phone, options: { region: HU } }
      tags: set
      # stage: { kind: enum, options: { values: [lead, customer] }, strategy: priority, order: [sales] }
      # company: { kind: reference, to: companies }   # to another sync of this file

    deletes:
      authority: [sales]                 # deleted there: deleted everywhere
      elsewhere: ask                     # deleted elsewhere: recreate, propagate, ask or unlink
      # edited: ask                      # edited here while deleted there: deleteWins, editWins or ask

    # More than so many changes in an hour, and more than this share of all, wait for a person.
    brakes:
      create: { least: 2000, share: 0.2 }
      # delete: { least: 10, share: 0.02 }
`;
