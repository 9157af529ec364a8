import { defineConfig } from 'tsdown'

// An application, not a library: no declarations, and every dependency stays outside, the engine included.
export default defineConfig({
  entry: { main: 'src/main.ts', samples: 'src/workflows/index.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  sourcemap: true,
  clean: true,
})
