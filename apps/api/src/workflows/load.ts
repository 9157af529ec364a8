/** Which workflows this process runs: those of the module that EDDA_WORKFLOWS names, or the samples. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Workflow } from '@edda/engine'
import { SettingsError } from '../access/access-settings'
import { workflows as samples } from './index'

/** @throws SettingsError when the module cannot be loaded or exports no list `workflows` */
export async function loadWorkflows(file: string | null): Promise<readonly Workflow[]> {
  if (file === null) return samples
  const { workflows } = await load(file)
  if (!Array.isArray(workflows)) throw new SettingsError(`EDDA_WORKFLOWS: ${file} exports no array 'workflows'`)
  return workflows as readonly Workflow[]
}

async function load(file: string): Promise<{ readonly workflows?: unknown }> {
  try {
    return (await import(pathToFileURL(path.resolve(file)).href)) as { readonly workflows?: unknown }
  } catch (error) {
    throw new SettingsError(`EDDA_WORKFLOWS: ${file} cannot be loaded: ${(error as Error).message}`)
  }
}
