import { Button, Group, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { count } from '#client/format.ts';
import { trpc } from '#client/trpc.ts';
import type { TotpView } from '#shared/console.ts';
import { BothFactorsDialog } from './both-factors-dialog.tsx';
import { EnrolDialog } from './enrol-dialog.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

/** Fewer codes than this, and it is time for new ones. */
const FEW_CODES = 3;
type Step = { dialog: 'enrol' | 'renew' | 'remove' } | { dialog: 'codes'; codes: readonly string[] };

/** The authenticator app: set up, with new recovery codes, taken away. */
export function SecondFactor() {
  const totp = useQuery(trpc.totp.read.queryOptions());
  const [step, setStep] = useState<Step | null>(null);
  const close = () => setStep(null);
  const showCodes = (codes: readonly string[]) => setStep({ dialog: 'codes', codes });
  return (
    <Panel title="Authenticator app">
      <QueryPane query={totp} skeleton={<Skeleton h={90} />}>
        {(state) => (
          <>
            {state.isOn ? <OnState state={state} /> : <OffState state={state} />}
            <Group gap="xs" mt="sm">
              {state.isOn ? (
                <>
                  <Button size="xs" variant="default" onClick={() => setStep({ dialog: 'renew' })}>
                    New recovery codes
                  </Button>
                  <Button size="xs" variant="default" onClick={() => setStep({ dialog: 'remove' })}>
                    Remove the app
                  </Button>
                </>
              ) : (
                state.hasPassword && (
                  <Button size="xs" onClick={() => setStep({ dialog: 'enrol' })}>
                    Set it up
                  </Button>
                )
              )}
            </Group>
          </>
        )}
      </QueryPane>
      {step?.dialog === 'enrol' && <EnrolDialog onClose={close} onDone={showCodes} />}
      {(step?.dialog === 'renew' || step?.dialog === 'remove') && (
        <BothFactorsDialog purpose={step.dialog} onClose={close} onRenewed={showCodes} />
      )}
      {step?.dialog === 'codes' && <RecoveryCodes codes={step.codes} onClose={close} />}
    </Panel>
  );
}

function OnState({ state }: { state: TotpView }) {
  const isLow = state.recoveryCodesLeft < FEW_CODES;
  return (
    <>
      <div>
        <span className="status status-succeeded">
          <CircleCheck size={14} strokeWidth={2.25} aria-hidden />
          On
        </span>{' '}
        <span className="row-note">
          since <RelativeTime at={state.onSince} />
        </span>
      </div>
      <Text size="sm">After your password you are asked for a code of the app.</Text>
      <div>
        <span className={isLow ? 'status status-waiting' : 'row-note'}>
          {isLow && <TriangleAlert size={14} strokeWidth={2.25} aria-hidden />}
          {count(state.recoveryCodesLeft, 'recovery code')} left{isLow && ': make new ones'}
        </span>
      </div>
    </>
  );
}

function OffState({ state }: { state: TotpView }) {
  return (
    <Text size="sm">
      {state.hasPassword
        ? 'Off. With an app on your phone, a password that somebody else has learned is not enough to sign in as you.'
        : 'Off. Set a password first: the code of the app is asked for after it.'}
    </Text>
  );
}
