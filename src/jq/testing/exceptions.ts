/**
 * Cases of jq's own tests that we do not pass, each with its reason. The conformance test fails where a case
 * fails that is not listed, and where a listed one passes.
 */
export interface Exception {
  readonly file: string
  readonly filter: string
  readonly reason: string
}

const newerMessage = 'The test expects the message of jq 1.7; jq 1.8 says more, and so do we.'
const precision = 'Numbers are doubles here: a literal of more than 17 digits does not keep them all.'

export const exceptions: readonly Exception[] = [
  { file: 'base64.test', filter: '. | try @base64d catch .', reason: newerMessage },
  { file: 'jq.test', filter: '.[] | try (getpath(["a",0,"b"]) |= 5) catch .', reason: newerMessage },
  {
    file: 'jq.test',
    filter:
      '[.[]|try if . == 0 then error("foo") elif . == 1 then .a elif . == 2 then empty else . end catch .]',
    reason: newerMessage,
  },
  { file: 'jq.test', filter: 'try -. catch .', reason: newerMessage },
  { file: 'jq.test', filter: 'try join(",") catch .', reason: newerMessage },
  { file: 'jq.test', filter: 'try ("foobar" | .[1.5]) catch .', reason: newerMessage },
  { file: 'jq.test', filter: 'try ["ok", setpath([1]; 1)] catch ["ko", .]', reason: newerMessage },
  {
    file: 'jq.test',
    filter: 'fromjson | isnan',
    reason: 'jq 1.7 read digits behind "nan"; jq 1.8 refuses them, and so do we.',
  },
  {
    file: 'onig.test',
    filter: '[match("( )*"; "g")]',
    reason: 'jq 1.7 gave an empty string for a group that took no part in an empty match; jq 1.8 gives null.',
  },
  {
    file: 'jq.test',
    filter: '9E999999999, 9999999999E999999990, 1E-999999999, 0.000000001E-999999990',
    reason: precision,
  },
  { file: 'jq.test', filter: '.[0] | tostring', reason: precision },
  { file: 'jq.test', filter: '.x | tojson', reason: precision },
  { file: 'jq.test', filter: '13911860366432393 == 13911860366432392', reason: precision },
  { file: 'man.test', filter: '[., tojson]', reason: precision },
  { file: 'man.test', filter: 'map([., . == 1]) | tojson', reason: precision },
  {
    file: 'man.test',
    filter: '. as $big | [$big, $big + 1] | map(. > 10000000000000000000000000000000)',
    reason: precision,
  },
]

/** What needs a host or a module is refused when it is compiled, so no list of cases is needed. */
export const refusedByRule = 'SLUSE-JQ-REFUSED'
