/** What build tools write, and what they fetch: neither is source. */
export const notSource =
  /(?:^|[/\\])(?:target|out|bin|obj|vendor|node_modules|__pycache__|\.[^/\\.][^/\\]*)(?:[/\\]|$)/
