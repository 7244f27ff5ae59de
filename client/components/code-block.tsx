import { CopyButton } from './copy-button.tsx';

type CodeBlockProps = { code: string; what: string; onCopied?: () => void; copyLabel?: string };

/**
 * A command or piece of code to copy. Scrolls sideways by itself, with the keyboard too. With a `copyLabel` it is one
 * text to copy: shown whole, over several lines if need be, with a button in words.
 */
export function CodeBlock({ code, what, onCopied, copyLabel }: CodeBlockProps) {
  return (
    <div className={copyLabel ? 'code-block code-block-whole' : 'code-block'}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className="code-block-text" tabIndex={0} aria-label={what}>
        <pre>
          <code>{code}</code>
        </pre>
      </section>
      <div className="code-block-copy">
        <CopyButton value={code} what={what} label={copyLabel} variant="filled" onCopied={onCopied} />
      </div>
    </div>
  );
}
