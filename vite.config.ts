import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'client',
  plugins: [react()],
  build: {
    outDir: '../dist/client',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    rolldownOptions: {
      output: {
        // Two chunks of libraries that change with releases only; without this each page pulls in a dozen small ones.
        // The list of public suffixes is large and needed on one page: it stays by itself.
        codeSplitting: {
          groups: [
            { name: 'framework', test: /node_modules\/(?:react|react-dom|scheduler|@tanstack|@trpc)\// },
            { name: 'components', test: /node_modules\/(?!tldts)/ },
            { name: 'shared', test: /client\/(?!pages)|\/shared\/(?:limits|failure|scopes)\.ts/ },
          ],
        },
      },
    },
  },
});
