import { CircleAlert, CircleCheck } from 'lucide-react';
import { count } from '#client/format.ts';

type HealthState = {
  status: string;
  database: string;
  storage: string;
  queue: string;
  sealing: string;
  poolKeys: string[];
  runnersOnline: number | null;
  sandbox: 'on' | 'off' | 'unknown';
  browsers: { oldest: string | null; tooOld: number };
};

/** Enough to tell two keys apart; `sessionshot runner keys list` shows the whole. */
const KID_CHARS = 8;

/** The parts of the instance, each with its state; a part that is not well says what is missing. */
export function Health({ health }: { health: HealthState }) {
  const runners = health.runnersOnline;
  const [sealing] = health.poolKeys;
  return (
    <ul className="health" aria-label={`State: ${health.status}`}>
      <Part name="Database" state={health.database} />
      <Part name="Storage" state={health.storage} />
      <Part name="Queue" state={health.queue} />
      <Part name="Sealing keys" state={health.sealing} says={sealing ? `key ${sealing.slice(0, KID_CHARS)}…` : undefined} />
      <Part
        name="Runners"
        state={runners === null ? 'not known' : runners > 0 ? 'ok' : 'none is online: captures wait'}
        says={runners ? `${count(runners, 'runner')} online` : undefined}
      />
      {health.sandbox !== 'unknown' && (
        <Part
          name="Browser sandbox"
          state={health.sandbox === 'on' ? 'ok' : 'off: pages run unconfined on the machine of a runner'}
          says="on"
        />
      )}
      {health.browsers.oldest !== null && (
        <Part
          name="Browser"
          state={health.browsers.tooOld === 0 ? 'ok' : `too old on ${count(health.browsers.tooOld, 'runner')}: update it`}
          says={`Chromium ${health.browsers.oldest}`}
        />
      )}
    </ul>
  );
}

function Part({ name, state, says = 'ready' }: { name: string; state: string; says?: string }) {
  const isWell = state === 'ok';
  return (
    <li className={isWell ? 'health-part' : 'health-part health-ill'}>
      {isWell ? <CircleCheck size={15} aria-hidden className="ok" /> : <CircleAlert size={15} aria-hidden className="bad" />}
      <span>{name}</span>
      <span className="health-state">{isWell ? says : state}</span>
    </li>
  );
}
