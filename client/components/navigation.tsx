import { CloseButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Camera, ChartColumn, Globe, KeyRound, LayoutDashboard, type LucideIcon, ScrollText, Server, Users, Webhook } from 'lucide-react';
import { whoAmI } from '../trpc.ts';
import { AccountBar } from './account-bar.tsx';
import { Brand } from './brand.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { WorkspaceMenu } from './workspace-menu.tsx';

/** The links of the console in their groups, and who is signed in. */
export function Navigation({ onClose }: { onClose: () => void }) {
  const me = useQuery(whoAmI);
  const isAdmin = me.data?.role === 'owner' || me.data?.role === 'admin';
  const mayHook = me.data !== undefined && me.data.role !== 'viewer';
  return (
    <>
      <div className="nav-head">
        <Brand />
        <CloseButton hiddenFrom="sm" aria-label="Close the navigation" onClick={onClose} />
      </div>
      <WorkspaceMenu me={me.data} />
      <ul className="nav-links">
        <NavItem to="/" icon={LayoutDashboard} label="Overview" />
        <NavItem to="/captures" icon={Camera} label="Captures" />
      </ul>
      <p className="nav-group" id="nav-access">
        Access
      </p>
      <ul className="nav-links" aria-labelledby="nav-access">
        <NavItem to="/keys" icon={KeyRound} label="API keys" />
        <NavItem to="/domains" icon={Globe} label="Allowed domains" />
        {mayHook && <NavItem to="/webhooks" icon={Webhook} label="Webhooks" />}
        <NavItem to="/members" icon={Users} label="Members" />
      </ul>
      <p className="nav-group" id="nav-operation">
        Operation
      </p>
      <ul className="nav-links" aria-labelledby="nav-operation">
        <NavItem to="/usage" icon={ChartColumn} label="Usage" />
        <NavItem to="/runners" icon={Server} label="Runners" />
        {isAdmin && <NavItem to="/audit" icon={ScrollText} label="Audit log" />}
      </ul>
      <div className="nav-foot">
        <LiveIndicator />
        <AccountBar me={me.data} />
      </div>
    </>
  );
}

function NavItem({
  to,
  icon: Icon,
  label,
}: {
  to: '/' | '/captures' | '/keys' | '/domains' | '/webhooks' | '/members' | '/audit' | '/usage' | '/runners';
  icon: LucideIcon;
  label: string;
}) {
  return (
    <li>
      <Link to={to} className="nav-link" activeOptions={{ exact: to === '/', includeSearch: false }}>
        <Icon size={17} aria-hidden />
        {label}
      </Link>
    </li>
  );
}
