import { useMediaQuery } from '@mantine/hooks';

/** Whether there is room for tables and for the navigation beside the page. */
export function useIsWide(): boolean {
  return useMediaQuery('(min-width: 48em)', true, { getInitialValueInEffect: false });
}
