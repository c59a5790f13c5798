import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Dialog } from './dialog.tsx'
import { Failure } from './problem.tsx'

interface Props<T> {
  readonly title: string
  readonly confirm: string
  readonly danger?: boolean
  /** What is asked for is not complete yet. */
  readonly incomplete?: boolean
  readonly act: () => Promise<T>
  /** What is to be read anew afterwards: the beginning of its key. */
  readonly changes: readonly string[]
  readonly onDone?: (result: T) => void
  readonly onClose: () => void
  readonly children?: ReactNode
}

/** A question, and what is done when it is answered with yes. Where that fails, the dialog stays and says why. */
export function ActionDialog<T>({
  title,
  confirm,
  danger = false,
  incomplete = false,
  act,
  changes,
  onDone,
  onClose,
  children,
}: Props<T>) {
  const client = useQueryClient()
  const acting = useMutation({
    mutationFn: act,
    onSuccess: async (result) => {
      onClose()
      onDone?.(result)
      await client.invalidateQueries({ queryKey: changes })
    },
  })
  return (
    <Dialog
      title={title}
      confirm={confirm}
      danger={danger}
      busy={acting.isPending || incomplete}
      onConfirm={() => acting.mutate()}
      onClose={onClose}
    >
      {acting.error && <Failure error={acting.error} />}
      {children}
    </Dialog>
  )
}
