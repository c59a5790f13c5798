import type { Client } from 'pg'
import { SluseError } from '../../errors.ts'
import { changedState } from './faults.ts'
import { lockClass } from './transaction.ts'

/** What the port itself needs, before any migration. Of two servers that start together the second waits here. */
export async function layGroundwork(client: Client): Promise<void> {
  await mustFit(client)
  await client.query(`SELECT pg_advisory_lock(${lockClass}, hashtext(current_schema() || ' migrates'))`)
  await client.query(`
    CREATE TABLE IF NOT EXISTS sluse_writers (
      id text primary key,
      pid integer not null,
      last bigint not null,
      closed boolean not null,
      seen_at timestamptz not null
    ) WITH (fillfactor = 20);
    ALTER TABLE sluse_writers ADD COLUMN IF NOT EXISTS news bigint NOT NULL DEFAULT 0;
    DELETE FROM sluse_writers WHERE seen_at < now() - interval '30 days';
    CREATE OR REPLACE FUNCTION sluse_expect(changed bigint, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      IF changed <> expected THEN
        RAISE EXCEPTION 'it changed % rows, not %', changed, expected USING ERRCODE = '${changedState}';
      END IF;
    END $$;
    CREATE OR REPLACE FUNCTION sluse_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END $$`)
}

/** Throws `SLUSE-STORE` where the server or its database is none that records can be kept on. */
export async function mustFit(client: Client): Promise<void> {
  const { rows } = await client.query<{
    version: number
    encoding: string
    schema: string | null
    own: number
  }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
       current_schema() AS schema, has_schema_privilege(current_schema(), 'CREATE') AS own`,
  )
  const { version = 0, encoding = '', schema = null, own = 0 } = rows[0] ?? {}
  const wrong = (why: string) => new SluseError('SLUSE-STORE', `(${why})`)
  if (version < oldest) throw wrong(`It is PostgreSQL ${(version / 10_000) | 0}; 14 or later is needed.`)
  if (encoding !== 'UTF8') throw wrong(`The database has the encoding ${encoding}; make one with UTF8.`)
  if (schema === null) throw wrong('The schema that `search_path` names is not there: CREATE SCHEMA.')
  if (own !== 1)
    throw wrong(`This user may not make tables in the schema ${schema}: let them own the database.`)
}

const oldest = 140_000

/**
 * Numbers that the database gives go on after the highest that there is: rows may have come with numbers of their own,
 * from a database that was moved or from an engine that counts by itself. `marks` keeps the highest that ever were.
 */
export async function advanceNumbers(client: Client): Promise<void> {
  await client.query(`DO $$
    DECLARE counted record; highest bigint; given bigint;
    BEGIN
      FOR counted IN SELECT table_name AS name, column_name AS number FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_identity = 'YES'
      LOOP
        EXECUTE format('SELECT greatest((SELECT max(%I) FROM %I), (SELECT value FROM marks WHERE name = %L))',
          counted.number, counted.name, counted.name) INTO highest;
        EXECUTE format('SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM %s',
          pg_get_serial_sequence(quote_ident(counted.name), counted.number)) INTO given;
        IF highest > given THEN
          PERFORM setval(pg_get_serial_sequence(quote_ident(counted.name), counted.number), highest);
        END IF;
      END LOOP;
    END $$`)
}
