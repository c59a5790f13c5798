/** What connectors of SQL databases have in common, over the port `SqlDatabase`. */
export {
  SqlRefusal,
  type SqlColumn,
  type SqlDatabase,
  type SqlLoad,
  type SqlSession,
  type SqlTable,
} from './port.ts'
export { sqlSource, sqlSourceOptions } from './source.ts'
export { sqlTarget, sqlTargetModes, sqlTargetOptions } from './target.ts'
