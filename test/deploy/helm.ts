import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'

/** A resource of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: { readonly [member: string]: unknown }
}

export const chart = fileURLToPath(new URL('../../deploy/helm/sluse', import.meta.url))

/** The program, where scripts/install-test-servers.sh builds it or the machine has it. */
export const helm = [join(homedir(), 'go/bin/helm'), '/usr/local/bin/helm', '/usr/bin/helm'].find((file) =>
  existsSync(file),
)

/** Runs it; throws with what it says where it refuses. */
export function runHelm(...words: string[]): string {
  if (helm === undefined) throw new Error('There is no helm: scripts/install-test-servers.sh')
  return execFileSync(helm, words, { encoding: 'utf8', stdio: 'pipe' })
}

/** The chart with these values, as the cluster would get it. */
export function render(values: { readonly [name: string]: string } = {}): Manifest[] {
  const set = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`])
  const text = runHelm('template', 'by', chart, '--kube-version', '1.31.0', ...set)
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest)
}
