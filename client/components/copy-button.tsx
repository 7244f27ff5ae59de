import { ActionIcon, Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { Check, Copy } from 'lucide-react';
import { useEffect } from 'react';

type CopyButtonProps = {
  value: string;
  what: string;
  label?: string;
  variant?: 'default' | 'filled';
  size?: 'xs' | 'sm';
  onCopied?: () => void;
};

/** Copies a text and says so. With a `label` a button with words, else an icon; `what` names the thing copied. */
export function CopyButton({ value, what, label, variant = 'default', size = 'xs', onCopied }: CopyButtonProps) {
  const clipboard = useClipboard({ timeout: 2000 });
  useEffect(() => {
    // Browsers refuse the clipboard on plain-HTTP pages off localhost, and by policy: the text stays selectable.
    if (clipboard.error)
      notifications.show({
        color: 'red',
        title: 'Could not copy',
        message: `The browser refused the clipboard. Select the ${what} and copy it by hand.`,
      });
  }, [clipboard.error, what]);
  useEffect(() => {
    if (clipboard.copied) onCopied?.();
  }, [clipboard.copied, onCopied]);
  const icon = clipboard.copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />;
  const copy = () => clipboard.copy(value);
  return (
    <>
      {label ? (
        <Button size={size} variant={variant} leftSection={icon} onClick={copy}>
          {clipboard.copied ? 'Copied' : label}
        </Button>
      ) : (
        <ActionIcon
          size={24}
          variant="subtle"
          color="gray"
          className="quiet-icon"
          title={`Copy ${what}`}
          aria-label={`Copy ${what}`}
          onClick={copy}
        >
          {icon}
        </ActionIcon>
      )}
      <span className="visually-hidden" role="status">
        {clipboard.copied ? `Copied the ${what}` : ''}
      </span>
    </>
  );
}
