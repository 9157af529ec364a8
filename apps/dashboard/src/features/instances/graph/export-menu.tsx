'use client'
import { Panel, useReactFlow } from '@xyflow/react'
import { Download } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { Menu } from '@/components/ui/menu'
import { download } from '@/lib/download'
import { toastError } from '@/lib/toast'
import { graphToSvg } from './export-svg'
import type { GraphNode } from './graph-elements'

export function ExportMenu({ fileName, nodes }: { fileName: string; nodes: readonly GraphNode[] }) {
  const flow = useReactFlow()
  const svg = () => graphToSvg(nodes, flow.getEdges(), resolveColor)
  const items = [
    { id: 'svg', label: 'Save as SVG', onSelect: () => download(`${fileName}.svg`, svg(), 'image/svg+xml') },
    {
      id: 'png',
      label: 'Save as PNG',
      onSelect: () =>
        void savePng(fileName, svg()).catch((error: unknown) => toastError('Could not draw the picture', error)),
    },
  ]
  return (
    <Panel position="top-right">
      <Menu
        trigger={
          <Button size="icon" aria-label="Save the graph" title="Save the graph">
            <Download />
          </Button>
        }
        groups={[{ items }]}
      />
    </Panel>
  )
}

/** A token as the browser computes it in the scheme that is on now. */
function resolveColor(token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  document.body.append(probe)
  const color = getComputedStyle(probe).color
  probe.remove()
  return color
}

const MOST_PIXELS = 8_000

async function savePng(fileName: string, svg: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const scale = Math.min(2, MOST_PIXELS / Math.max(image.width, image.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(image.width * scale)
    canvas.height = Math.round(image.height * scale)
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
    if (!blob) throw new Error('This browser cannot make a picture of this size')
    download(`${fileName}.png`, blob)
  } finally {
    URL.revokeObjectURL(url)
  }
}
