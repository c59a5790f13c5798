import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Failure } from '../../parts/problem.tsx'
import { useTexts } from '../../texts/index.tsx'

/** Makes a key. It is shown this once, and never again. */
export function NewKey() {
  const { t } = useTexts()
  const me = useMe()
  const client = useQueryClient()
  const [open, setOpen] = useState(false)
  const [forMachine, setForMachine] = useState(me.can('keys.create'))
  const [name, setName] = useState('')
  const [roles, setRoles] = useState('')
  const [days, setDays] = useState('90')
  const make = useMutation({
    mutationFn: () => {
      const body = { name, roles: roles.split(/[\s,]+/).filter(Boolean), days: Number(days) }
      return dataOf(forMachine ? api.POST('/api/v1/keys', { body }) : api.POST('/api/v1/keys/own', { body }))
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['keys'] }),
  })
  const close = () => {
    setOpen(false)
    setName('')
    make.reset()
  }
  return (
    <>
      <button type="button" className="button small" onClick={() => setOpen(true)}>
        {t('key.new')}
      </button>
      {open && (
        <Dialog
          title={t('key.new')}
          confirm={t(make.data ? 'key.done' : 'key.make')}
          busy={make.isPending}
          onConfirm={() => (make.data ? close() : make.mutate())}
          onClose={close}
        >
          {make.error && <Failure error={make.error} />}
          {make.data ? (
            <div className="notice" data-tone="warn" role="status">
              <h3>{t('key.once')}</h3>
              <p className="code">{make.data.secret}</p>
              <CopyButton text={make.data.secret} />
            </div>
          ) : (
            <>
              {me.can('keys.create') && me.can('keys.own') && (
                <fieldset>
                  <legend>{t('key.whose')}</legend>
                  {[true, false].map((machine) => (
                    <label key={String(machine)} className="check">
                      <input
                        type="radio"
                        name="whose"
                        checked={forMachine === machine}
                        onChange={() => setForMachine(machine)}
                      />
                      {t(machine ? 'key.machine' : 'key.own')}
                    </label>
                  ))}
                </fieldset>
              )}
              <Field label={t('access.name')}>
                {(attributes) => (
                  <input
                    {...attributes}
                    required
                    maxLength={100}
                    value={name}
                    onChange={({ target }) => setName(target.value)}
                  />
                )}
              </Field>
              <Field label={t('access.roles')} hint={t('key.rolesHint')}>
                {(attributes) => (
                  <input
                    {...attributes}
                    className="code"
                    required
                    value={roles}
                    onChange={({ target }) => setRoles(target.value)}
                  />
                )}
              </Field>
              <Field label={t('key.days')}>
                {(attributes) => (
                  <input
                    {...attributes}
                    type="number"
                    required
                    min={1}
                    value={days}
                    onChange={({ target }) => setDays(target.value)}
                  />
                )}
              </Field>
            </>
          )}
        </Dialog>
      )}
    </>
  )
}
