import { CopyButton } from '@/components/copy-button'
import { TOKEN_CLASS, tokenize } from './highlight'

/** The source that runs, with line numbers and calm colours. Text nodes only. */
export function SourceView({ source, name }: { source: string; name: string }) {
  const lines = source.split('\n')
  return (
    <div className="relative rounded-lg border border-line bg-surface">
      <CopyButton text={source} label={`Copy the source of ${name}`} className="absolute top-1.5 right-1.5" />
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a pane that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={`Source of ${name}`}
        className="max-h-[min(44rem,70vh)] overflow-auto py-3"
      >
        <pre className="text-xs leading-5">
          <code>
            {lines.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
              <span key={index} id={`L${index + 1}`} className="flex min-w-max target:bg-selected">
                <span aria-hidden className="w-12 shrink-0 select-none pr-4 text-right text-ink-faint tabular">
                  {index + 1}
                </span>
                <span className="pr-6">
                  {tokenize(line).map((token, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: tokens of one line never move
                    <span key={at} className={TOKEN_CLASS[token.kind]}>
                      {token.text}
                    </span>
                  ))}
                  {line === '' ? '\n' : ''}
                </span>
              </span>
            ))}
          </code>
        </pre>
      </section>
    </div>
  )
}
