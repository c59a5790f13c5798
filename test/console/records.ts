const lines = [
  { id: 1, cpr: '0101901234', amount: 10 },
  { id: 2, cpr: '0202905678', amount: 'ten' },
  { id: 3, cpr: '0303909012', amount: 30 },
  { id: 4, cpr: '0404903456', amount: 'forty' },
].map((record) => JSON.stringify(record))

const connection = (name: string, folder: string) => `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: ${name} }
spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: ${folder} }] }
`

/** What moves records from a file to two others: two of five cannot be worked on, and one is no JSON. */
export const moveFiles = {
  'files/in.ndjson': [...lines, '{ "id": 5, "cpr": '].join('\n') + '\n',
  'archive/.keep': '',
  'connections/files.yaml': [
    connection('files', 'files'),
    connection('archive', 'archive'),
    connection('unused', 'archive'),
  ].join('---\n'),
  'pipelines/move.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: move, version: '1.0.0', title: Flyt tilskud }
do:
  - move:
      call: transfer:1.0.0@default
      with:
        from: { connection: files, path: in.ndjson }
        through:
          - map: '{ id, cpr, half: (.amount / 2) }'
        to:
          - { connection: archive, path: out.ndjson }
          - { name: copy, connection: archive, path: copy.ndjson }
        personalData: { encrypt: [.cpr] }
`,
} satisfies { readonly [file: string]: string }

/** A project that does, and in which somebody must decide. */
export const recordFiles = {
  ...moveFiles,
  'pipelines/payment.yaml': `document: { dsl: '1.0.3', namespace: andeby, name: payment, version: '1.0.0' }
do:
  - approve: { call: 'approve:1.0.0@default', with: { title: Udbetaling, approvers: { roles: [approver] }, fourEyes: false } }
`,
} satisfies { readonly [file: string]: string }
