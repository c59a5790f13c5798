/** Built-ins that are best said in jq itself. Parsed when first used. */

const definitions = [
  'def map_values(f): .[] |= f;',
  'def recurse(f; cond): def r: ., (f | select(cond) | r); r;',
  'def todate: strftime("%Y-%m-%dT%H:%M:%SZ");',
  'def todateiso8601: todate;',
  'def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;',
  'def fromdate: fromdateiso8601;',
  'def date: todate;',
  'def dateadd(u; n): . + n;',
  'def datesub(u; n): . - n;',
  'def finites: select(isfinite);',
  'def normals: select(isnormal);',
  'def with_entries(f): to_entries | map(f) | from_entries;',
  'def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;',
  'def combinations(n): . as $dot | [range(n) | $dot] | combinations;',
  'def in(xs): . as $x | xs | has($x);',
  'def inside(xs): . as $x | xs | contains($x);',
  'def ascii: [.] | implode;',
  'def truncate_stream(s): . as $n | null | s | . as $i | if (.[0] | length) > $n then setpath([0]; $i[0][$n:]) else empty end;',
  'def leaf_paths: paths(scalars);',
  'def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] = $row);',
  'def INDEX(f): INDEX(.[]; f);',
  'def JOIN($i; f): [.[] | [., $i[f]]];',
  'def JOIN($i; stream; f): stream | [., $i[f]];',
  'def JOIN($i; stream; f; join): stream | [., $i[f]] | join;',
  'def IN(src; s): any(src == s; .);',
]

/** The text of one definition, by name and arity. */
export const defined: ReadonlyMap<string, string> = new Map(definitions.map((text) => [nameOf(text), text]))

function nameOf(text: string): string {
  const [, name = '', params] = /^def (\w+)(?:\(([^)]*)\))?:/.exec(text) as RegExpExecArray
  return `${name}/${params === undefined ? 0 : params.split(';').length}`
}
