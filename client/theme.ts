import { Anchor, type CSSVariablesResolver, createTheme, type MantineColorsTuple, Notification } from '@mantine/core';

/** The accent: links, the one main action of a page, what is active. */
const cobalt: MantineColorsTuple = [
  '#eef3ff',
  '#dde7fe',
  '#bacdfb',
  '#90adf6',
  '#6d93f1',
  '#4a76e8',
  '#305fdc',
  '#264ec0',
  '#1f419f',
  '#1a3680',
];
/** Light surfaces and text: 0–2 surfaces, 3 borders, 6–7 secondary text, 9 text. */
const gray: MantineColorsTuple = [
  '#f7f8fa',
  '#f0f2f5',
  '#e6e9ee',
  '#d7dbe3',
  '#b9c0cc',
  '#8d97a8',
  '#667085',
  '#4d5668',
  '#343c4b',
  '#1a212d',
];
/** Dark surfaces and text, lightest first as Mantine has it: 0 text, 2 secondary text, 4 borders, 7 the page. */
const dark: MantineColorsTuple = [
  '#e3e7ee',
  '#c0c7d4',
  '#9aa4b6',
  '#6c778c',
  '#39424f',
  '#2a313d',
  '#1f252f',
  '#151a22',
  '#10141b',
  '#0b0e13',
];

export const theme = createTheme({
  colors: { cobalt, gray, dark },
  primaryColor: 'cobalt',
  primaryShade: { light: 6, dark: 6 },
  white: '#ffffff',
  black: '#1a212d',
  autoContrast: true,
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '10px', xl: '16px' },
  fontFamily:
    'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    // A link within a sentence must be told from the words around it by more than its colour.
    Anchor: Anchor.extend({ defaultProps: { underline: 'always' } }),
    // The library's own button to close a message has a cross and no name.
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } }),
  },
});

/**
 * Sets the colours that the library's defaults leave below the contrast of WCAG AA. They must come from here: plain
 * CSS is written before the injected variables and loses to them.
 */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': gray[9],
    '--mantine-color-dimmed': '#5b6577',
    '--mantine-color-placeholder': '#667085',
    '--mantine-color-anchor': cobalt[7],
    '--mantine-color-error': '#b3261e',
    '--mantine-color-default-border': gray[3],
  },
  dark: {
    '--mantine-color-body': dark[7],
    '--mantine-color-text': dark[0],
    '--mantine-color-dimmed': dark[2],
    '--mantine-color-placeholder': '#8d97a9',
    '--mantine-color-anchor': cobalt[3],
    '--mantine-color-error': '#ff9b91',
    '--mantine-color-default': dark[6],
    '--mantine-color-default-hover': dark[5],
    '--mantine-color-default-border': dark[4],
  },
});
