import { useEffect, useRef, type ReactNode } from 'react'
import { useTexts } from '../texts/index.tsx'

interface Props {
  readonly title: string
  readonly confirm: string
  readonly danger?: boolean
  readonly busy?: boolean
  readonly children?: ReactNode
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** A question to answer before going on. The browser's own dialog: focus stays in it, Escape leaves it. */
export function Dialog({
  title,
  confirm,
  danger = false,
  busy = false,
  children,
  onConfirm,
  onClose,
}: Props) {
  const { t } = useTexts()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onCancel={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onConfirm()
        }}
      >
        <h2 id="dialog-title">{title}</h2>
        {children}
        <div className="actions">
          <button type="submit" className={`button ${danger ? 'danger' : 'primary'}`} disabled={busy}>
            {confirm}
          </button>
          <button type="button" className="button plain" onClick={onClose}>
            {t('dialog.cancel')}
          </button>
        </div>
      </form>
    </dialog>
  )
}
