import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { CircleAlert, RotateCw } from 'lucide-react';
import { readProblem } from '../problem.ts';
import { CopyButton } from './copy-button.tsx';

type ErrorNoticeProps = { error: unknown; onRetry?: () => void; isRetrying?: boolean };

/** What went wrong, what to do, and the request id to quote; with a button to try again where that makes sense. */
export function ErrorNotice({ error, onRetry, isRetrying = false }: ErrorNoticeProps) {
  const { title, detail, requestId, errors, isPassing } = readProblem(error);
  const retry = isPassing ? onRetry : undefined;
  return (
    <Alert role="alert" className="error-notice" color="red" variant="default" icon={<CircleAlert size={18} aria-hidden />} title={title}>
      <Text size="sm">{detail}</Text>
      {errors.length > 0 && (
        <ul className="error-list">
          {errors.map((fault) => (
            <li key={`${fault.path} ${fault.message}`}>
              {fault.path && <Code>{fault.path}</Code>} {fault.message}
            </li>
          ))}
        </ul>
      )}
      {(requestId || retry) && (
        <Group mt="sm" gap="xs">
          {retry && (
            <Button size="xs" variant="default" leftSection={<RotateCw size={14} aria-hidden />} onClick={retry} loading={isRetrying}>
              Try again
            </Button>
          )}
          {requestId && (
            <Group gap={4}>
              <Text size="xs" c="dimmed">
                Request <span className="mono">{requestId}</span>
              </Text>
              <CopyButton value={requestId} what="request id" />
            </Group>
          )}
        </Group>
      )}
    </Alert>
  );
}
